// minimum: smaller of a and b, with NumPy's broadcasting.  NaN in either gives NaN.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Minimum {
  static constexpr const char* stem = "minimum";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
