// dbias[k] = sum of dy over its pixels, in blocks of 1024 pixels: each block's sum in pixel order, then the
// blocks in order.
#pragma once
#include "core/parallel.h"
#include "primitives/conv2d_shape.h"
#if defined(FASTCONV_SIMD)
#include "cpu/simd/partial.h"
#endif

namespace fastconv {
namespace {

constexpr int64_t bias_block_pixels = 1024;
inline int64_t bias_blocks(const ConvShape& shape) { return ceil_div(shape.pixels(), bias_block_pixels); }

}  // namespace

#if defined(FASTCONV_SIMD)
namespace FASTCONV_SIMD {
namespace {

// Four vectors of columns at a time: whole lines, and four chains of additions.
inline void sum_rows(const float* rows, int64_t count, int64_t columns, float* sums) {
  constexpr int vectors = 4;
  for (int64_t j = 0; j < columns; j += vectors * vector_floats) {
    Vec sum[vectors] = {};
    for (int64_t i = 0; i < count; ++i)
      for (int v = 0; v < vectors; ++v)
        sum[v] += load_up_to(rows + i * columns + j + v * vector_floats, columns - j - v * vector_floats);
    for (int v = 0; v < vectors; ++v)
      store_up_to(sums + j + v * vector_floats, sum[v], columns - j - v * vector_floats);
  }
}

// partial: bias_blocks(shape) x k floats.
[[maybe_unused]] void bias_gradient(const ConvShape& shape, const float* dy, float* partial, float* dbias) {
  const int64_t blocks = bias_blocks(shape), k = shape.k;
  parallel(blocks, [&](int64_t block, int) {
    const int64_t first = block * bias_block_pixels;
    sum_rows(dy + first * k, smaller(bias_block_pixels, shape.pixels() - first), k, partial + block * k);
  });
  sum_rows(partial, blocks, k, dbias);
}

}  // namespace
}  // namespace FASTCONV_SIMD
#endif
}  // namespace fastconv
