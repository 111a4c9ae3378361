// add: y = a + b, with NumPy's broadcasting.  Whole numbers wrap around.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Add {
  static constexpr const char* stem = "add";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
