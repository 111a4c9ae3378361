// exp: y = e^x.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Exp {
  static constexpr const char* stem = "exp";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
