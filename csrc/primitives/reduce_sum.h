// reduce_sum: y = sum of x over `axes`.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct ReduceSum {
  static constexpr const char* stem = "reduce_sum";
  Dims axes;
  bool keepdims;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("axes", axes);
    visit("keepdims", keepdims);
  }
};

}  // namespace fastconv
