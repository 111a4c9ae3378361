// tanh: y = (e^2x - 1) / (e^2x + 1).
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Tanh {
  static constexpr const char* stem = "tanh";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
