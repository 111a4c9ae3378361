// softmax_cross_entropy_gradient: (logits x (.., k), targets t, dloss (..)) -> dx (.., k)
//   dx_j = (softmax(x)_j sum_i t_i - t_j) dloss
//   sparse: t holds classes (..), int64 or float32 cut to a whole number; else weights of the classes (.., k).
//   A label that names no class makes its row NaN.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct SoftmaxCrossEntropyGradient {
  static constexpr const char* stem = "softmax_cross_entropy_gradient";
  bool sparse;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("sparse", sparse);
  }
};

}  // namespace fastconv
