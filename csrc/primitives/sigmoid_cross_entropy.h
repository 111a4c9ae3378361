// sigmoid_cross_entropy: (logits x, targets t) -> loss, element by element.
//   loss = -t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x)) = max(x, 0) - x t + log(1 + exp(-|x|))
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct SigmoidCrossEntropy {
  static constexpr const char* stem = "sigmoid_cross_entropy";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
