// broadcast: x repeated to `shape` by NumPy's rules, axes aligned at the last.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Broadcast {
  static constexpr const char* stem = "broadcast";
  Dims shape;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("shape", shape);
  }
};

}  // namespace fastconv
