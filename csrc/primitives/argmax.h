// argmax: index (int64) of the first largest value along `axis`, which is gone in y; a NaN is the largest.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Argmax {
  static constexpr const char* stem = "argmax";
  int64_t axis;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("axis", axis);
  }
};

}  // namespace fastconv
