#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Relu {
  static constexpr const char* stem = "relu";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
