// subtract: y = a - b, with NumPy's broadcasting.  Whole numbers wrap around.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Subtract {
  static constexpr const char* stem = "subtract";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
