// compare: (a, b) -> bool, where a `relation` b holds, with NumPy's broadcasting.  NaN is equal to nothing.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Compare {
  static constexpr const char* stem = "compare";
  Relation relation;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("relation", relation);
  }
};

}  // namespace fastconv
