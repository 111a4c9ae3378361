// tanh_gradient: (dy, y) -> dx = dy (1 - y^2), from the output y.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct TanhGradient {
  static constexpr const char* stem = "tanh_gradient";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
