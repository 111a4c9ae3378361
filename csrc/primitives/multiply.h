// multiply: y = a b, with NumPy's broadcasting.  Whole numbers wrap around.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Multiply {
  static constexpr const char* stem = "multiply";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
