// dst[j][i] = src[i][j] for blocks of 16 x 16 floats, in 4 x 4 pieces of registers.
#pragma once
#include "cpu/simd/partial.h"
#include "cpu/simd/vector.h"

namespace fastconv {
namespace FASTCONV_SIMD {

typedef float Four __attribute__((vector_size(16), may_alias));
typedef float FourUnaligned __attribute__((vector_size(16), aligned(4), may_alias));

FASTCONV_INLINE void transpose_4x4(const float* src, int64_t src_stride, float* dst, int64_t dst_stride) {
  Four r[4];
  for (int i = 0; i < 4; ++i) r[i] = *reinterpret_cast<const FourUnaligned*>(src + i * src_stride);
  const Four low01 = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5),
             high01 = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
  const Four low23 = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5),
             high23 = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
  *reinterpret_cast<FourUnaligned*>(dst) = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
  *reinterpret_cast<FourUnaligned*>(dst + dst_stride) = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
  *reinterpret_cast<FourUnaligned*>(dst + 2 * dst_stride) =
      __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
  *reinterpret_cast<FourUnaligned*>(dst + 3 * dst_stride) =
      __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
}

// A whole block, or its first `rows` x `cols` with zeros for the rest.  dst always gets 16 x 16.
FASTCONV_INLINE void transpose_16x16(const float* src, int64_t src_stride, int64_t rows, int64_t cols,
                                     float* dst, int64_t dst_stride) {
  alignas(64) float padded[16 * 16];
  if (rows < 16 || cols < 16) {
    for (int64_t i = 0; i < 16; ++i)
      for (int64_t j = 0; j < 16; ++j)
        padded[i * 16 + j] = i < rows && j < cols ? src[i * src_stride + j] : 0.0f;
    src = padded;
    src_stride = 16;
  }
  for (int i = 0; i < 16; i += 4)
    for (int j = 0; j < 16; j += 4)
      transpose_4x4(src + i * src_stride + j, src_stride, dst + j * dst_stride + i, dst_stride);
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
