// cast: x in another dtype.  Fractions are cut off, numbers out of a whole dtype's range become its nearest end, NaN
// becomes 0; whole numbers wrap around in a narrower whole dtype; bool is "not 0".
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Cast {
  static constexpr const char* stem = "cast";
  DType dtype;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("dtype", dtype);
  }
};

}  // namespace fastconv
