// abs: y = |x|.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Abs {
  static constexpr const char* stem = "abs";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
