// divide: y = a / b, with NumPy's broadcasting.  float32 only.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Divide {
  static constexpr const char* stem = "divide";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
