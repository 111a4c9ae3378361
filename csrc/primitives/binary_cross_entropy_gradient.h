// binary_cross_entropy_gradient: (probabilities p, targets t, dloss) -> dp = ((1 - t) / (1 - p) - t / p) dloss;
// 0 outside [1e-7, 1 - 1e-7], where the loss is clipped.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct BinaryCrossEntropyGradient {
  static constexpr const char* stem = "binary_cross_entropy_gradient";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
