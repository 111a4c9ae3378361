// log: natural logarithm; -infinity at 0, NaN below.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Log {
  static constexpr const char* stem = "log";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
