// binary_cross_entropy: (probabilities p, targets t) -> loss, element by element.
//   loss = -t log(p) - (1 - t) log(1 - p)
// Probabilities are clipped to [1e-7, 1 - 1e-7] first, as in Keras, so that no logarithm is infinite.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct BinaryCrossEntropy {
  static constexpr const char* stem = "binary_cross_entropy";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
