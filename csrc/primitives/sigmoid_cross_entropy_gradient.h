// sigmoid_cross_entropy_gradient: (logits x, targets t, dloss) -> dlogits = (sigmoid(x) - t) dloss.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct SigmoidCrossEntropyGradient {
  static constexpr const char* stem = "sigmoid_cross_entropy_gradient";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
