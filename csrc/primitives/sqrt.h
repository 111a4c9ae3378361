// sqrt: square root; NaN below 0.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Sqrt {
  static constexpr const char* stem = "sqrt";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
