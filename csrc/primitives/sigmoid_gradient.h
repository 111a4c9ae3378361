// sigmoid_gradient: (dy, y) -> dx = dy y (1 - y), from the output y.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct SigmoidGradient {
  static constexpr const char* stem = "sigmoid_gradient";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
