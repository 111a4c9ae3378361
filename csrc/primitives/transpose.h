// transpose: axis i of y is axis axes[i] of x.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Transpose {
  static constexpr const char* stem = "transpose";
  Dims axes;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("axes", axes);
  }
};

}  // namespace fastconv
