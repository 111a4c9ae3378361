// square: y = x^2.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Square {
  static constexpr const char* stem = "square";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
