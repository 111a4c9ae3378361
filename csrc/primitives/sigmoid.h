// sigmoid: y = 1 / (1 + exp(-x)).
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Sigmoid {
  static constexpr const char* stem = "sigmoid";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
