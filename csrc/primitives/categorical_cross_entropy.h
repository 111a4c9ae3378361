// categorical_cross_entropy: (probabilities p (.., k), targets t) -> loss (..)
//   not sparse: q = p / sum(p), loss = -sum_j t_j log(clip(q_j));  sparse: c = clip(p), loss = log(sum(c)) - log(c_t)
//   clip: to [1e-7, 1 - 1e-7].  The two differ as Keras's do.
//   sparse: t holds classes (..), int64 or float32 cut to a whole number; else weights of the classes (.., k).
//   A label that names no class makes its row NaN.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct CategoricalCrossEntropy {
  static constexpr const char* stem = "categorical_cross_entropy";
  bool sparse;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("sparse", sparse);
  }
};

}  // namespace fastconv
