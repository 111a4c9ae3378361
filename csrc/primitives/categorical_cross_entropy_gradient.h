// categorical_cross_entropy_gradient: (probabilities p (.., k), targets t, dloss (..)) -> dp (.., k)
//   not sparse: with q = p / sum(p) and u = t where q is not clipped, else 0: dp_j = (sum_i u_i - u_j / q_j) / sum(p) dloss
//   sparse: with c = clip(p): dp_j = (1 / sum(c) - [j = t] / p_j) dloss where p_j is not clipped, else 0
//   clip: to [1e-7, 1 - 1e-7].
//   sparse: t holds classes (..), int64 or float32 cut to a whole number; else weights of the classes (.., k).
//   A label that names no class makes its row NaN.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct CategoricalCrossEntropyGradient {
  static constexpr const char* stem = "categorical_cross_entropy_gradient";
  bool sparse;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("sparse", sparse);
  }
};

}  // namespace fastconv
