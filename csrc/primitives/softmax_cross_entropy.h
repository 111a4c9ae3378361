// softmax_cross_entropy: (logits x (.., k), targets t) -> loss (..) = -sum_j t_j log(softmax(x)_j).
//   sparse: t holds classes (..), int64 or float32 cut to a whole number; else weights of the classes (.., k).
//   A label that names no class makes its row NaN.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct SoftmaxCrossEntropy {
  static constexpr const char* stem = "softmax_cross_entropy";
  bool sparse;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("sparse", sparse);
  }
};

}  // namespace fastconv
