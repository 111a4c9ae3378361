// Sums across the lanes of one vector.
#pragma once
#include "cpu/simd/vector.h"

namespace fastconv {
namespace FASTCONV_SIMD {

typedef float Vec4 __attribute__((vector_size(16), may_alias));

// Upper half onto lower half until four lanes are left, then (0 + 2) + (1 + 3).
FASTCONV_INLINE float add_lanes(Vec v) {
  Vec4 four[vector_floats / 4];
  __builtin_memcpy(four, &v, sizeof v);
  for (int width = vector_floats / 8; width; width /= 2)
    for (int i = 0; i < width; ++i) four[i] += four[i + width];
  return (four[0][0] + four[0][2]) + (four[0][1] + four[0][3]);
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
