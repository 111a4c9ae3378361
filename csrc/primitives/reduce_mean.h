// reduce_mean: y = sum of x over `axes`, divided by their number of elements.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct ReduceMean {
  static constexpr const char* stem = "reduce_mean";
  Dims axes;
  bool keepdims;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("axes", axes);
    visit("keepdims", keepdims);
  }
};

}  // namespace fastconv
