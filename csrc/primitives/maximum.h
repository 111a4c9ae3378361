// maximum: larger of a and b, with NumPy's broadcasting.  NaN in either gives NaN.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Maximum {
  static constexpr const char* stem = "maximum";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
