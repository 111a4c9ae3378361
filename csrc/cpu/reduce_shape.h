// The shape of a reduction as kernels see it: x (outer, reduced, inner) -> y (outer, inner).  Plain data.
#pragma once
#include <cstdint>

namespace fastconv {

struct ReduceShape {
  int64_t outer, reduced, inner;
};

}  // namespace fastconv
