// identity: y = x, any dtype.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Identity {
  static constexpr const char* stem = "identity";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
