// relu_gradient: (dy, y) -> dx = dy where y > 0, else 0.  Where y is NaN, dy passes.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct ReluGradient {
  static constexpr const char* stem = "relu_gradient";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
