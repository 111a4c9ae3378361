// Sums over some axes of a dense tensor, seen as x (outer, reduced, inner) -> y (outer, inner).
//
// The reduced axis is cut into chunks of fixed length, and a chunk into blocks of 32 summands a lane; a block
// starts from zero, blocks are added up in their order, and so are chunks: the error grows with the square
// root of the pieces' lengths, and the order follows from the shape alone.  For inner == 1 a lane takes every
// vector_floats-th element, and the lanes are added in halves at the end of a chunk.
#pragma once
#include "core/parallel.h"
#include "core/tensor.h"
#include "cpu/reduce_shape.h"
#include "cpu/simd/lanes.h"
#include "cpu/simd/partial.h"
#include "cpu/simd/vector.h"

namespace fastconv {

namespace FASTCONV_SIMD {

constexpr int64_t reduce_chunk_rows = 1024, reduce_chunk_line = 32768, reduce_block = 32,
                  reduce_columns = 256;

FASTCONV_INLINE int64_t reduce_chunks(const ReduceShape& z) {
  const int64_t length = z.inner == 1 ? reduce_chunk_line : reduce_chunk_rows;
  return z.reduced > length ? (z.reduced + length - 1) / length : 1;
}

// Sum of `count` floats in a row.
FASTCONV_INLINE float sum_line(const float* x, int64_t count) {
  Vec total{};
  while (count > 0) {
    Vec block{};
    for (int64_t i = 0; i < reduce_block && count > 0; ++i, x += vector_floats, count -= vector_floats)
      block += load_up_to(x, count);
    total += block;
  }
  return add_lanes(total);
}

// Sums of columns [0, columns) over `rows` rows that lie `stride` apart.
FASTCONV_INLINE void sum_columns(const float* x, int64_t rows, int64_t stride, int64_t columns, float* y) {
  for (int64_t c = 0; c < columns; c += vector_floats) {
    const int64_t left = columns - c;
    Vec total{};
    for (int64_t first = 0; first < rows; first += reduce_block) {
      const int64_t end = first + reduce_block < rows ? first + reduce_block : rows;
      Vec block{};
      for (int64_t i = first; i < end; ++i) block += load_up_to(x + i * stride + c, left);
      total += block;
    }
    store_up_to(y + c, total, left);
  }
}

// Lines of one chunk each; several a task when they are short.
FASTCONV_INLINE void reduce_lines(const ReduceShape& z, int64_t chunks, const float* x, float* sums) {
  const int64_t length = chunks > 1 ? reduce_chunk_line : z.reduced;
  const int64_t each = length >= 4096 ? 1 : 4096 / (length + 1) + 1, lines = z.outer * chunks;
  parallel((lines + each - 1) / each, [&](int64_t task, int) {
    for (int64_t line = task * each; line < lines && line < (task + 1) * each; ++line) {
      const int64_t begin = line % chunks * length;
      const int64_t count = z.reduced - begin < length ? z.reduced - begin : length;
      sums[line] = sum_line(x + line / chunks * z.reduced + begin, count);
    }
  });
}

FASTCONV_INLINE void reduce_columns_of(const ReduceShape& z, int64_t chunks, const float* x, float* sums) {
  const int64_t length = chunks > 1 ? reduce_chunk_rows : z.reduced;
  const int64_t strips = (z.inner + reduce_columns - 1) / reduce_columns;
  parallel(z.outer * chunks * strips, [&](int64_t task, int) {
    const int64_t column = task % strips * reduce_columns, chunk = task / strips % chunks,
                  o = task / strips / chunks;
    const int64_t columns = z.inner - column < reduce_columns ? z.inner - column : reduce_columns;
    const int64_t begin = chunk * length, rows = z.reduced - begin < length ? z.reduced - begin : length;
    sum_columns(x + (o * z.reduced + begin) * z.inner + column, rows, z.inner, columns,
                sums + (o * chunks + chunk) * z.inner + column);
  });
}

// y = sum / divisor.  sums: workspace of outer * chunks * inner floats, used when there is more than one
// chunk.
FASTCONV_INLINE void reduce(const ReduceShape& z, const float* x, float* y, float* sums, float divisor) {
  const int64_t chunks = reduce_chunks(z);
  float* const target = chunks > 1 ? sums : y;
  if (z.inner == 1)
    reduce_lines(z, chunks, x, target);
  else
    reduce_columns_of(z, chunks, x, target);
  if (chunks == 1 && divisor == 1.0f) return;
  parallel(z.outer, [&](int64_t o, int) {
    for (int64_t i = 0; i < z.inner; ++i) {
      float total = 0;
      for (int64_t chunk = 0; chunk < chunks; ++chunk) total += target[(o * chunks + chunk) * z.inner + i];
      y[o * z.inner + i] = total / divisor;
    }
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
