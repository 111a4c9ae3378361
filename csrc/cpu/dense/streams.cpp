// y[i][j] = activation(sum_e x[i][e] w[e][j] + bias[j] + residual[i][j]) for few rows i and large w: w is
// read once, from memory, row after row, and the next 32 rows are fetched while these are multiplied.
//
//        256 to 2048 columns j     x (64 rows at most) and the sums (64 KiB) lie in L2.  A tile is 12 rows of
//           +---+-----------+      x times 2 vectors of columns (6 rows below AVX-512): see
//   32 e    |   |  w        |      cpu/simd/gemm.h for why.  All rows of x pass over one strip of 32 rows and
//           +---+-----------+      2 vectors, which the first tile packs into L1 for the others.
//
// Order of summation: e ascending from zero within a block of 256; the blocks' sums in their order; then
// bias, then residual.  It depends on k alone, so that a row has the same bits in any batch, and whether the
// blocks are tasks of their own (their sums then go through the workspace) or one task's loop changes
// nothing.
#include "core/parallel.h"
#include "cpu/dense/dense.h"
#include "cpu/dense/finish.h"
#include "cpu/simd/gemm.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

struct Operands {
  const float *x, *w;
  DenseShape shape;
  int64_t width;  // columns of a task: the stride of its sums
};

FASTCONV_INLINE int64_t smaller_of(int64_t a, int64_t b) { return a < b ? a : b; }

// Two vectors of columns of w, a row every `stride`; `left` columns exist.
struct Strip {
  const float* w;
  int64_t stride, left;
  float* packed;  // if there: takes the rows, one behind the other
  bool fetch;     // the rows of the next chunk
};

// sums[i][0..] += x[i][0..depth) w[0..depth)[0..].
template <int rows, bool whole>
__attribute__((noinline)) void chunk_tile(const Operands& o, const float* x, const Strip& strip,
                                          int64_t depth, float* sums, bool first) {
  constexpr int bases = (rows + 2) / 3;
  const float* base[bases];
  for (int i = 0; i < bases; ++i) {
    base[i] = x + 3 * i * o.shape.k;
    asm("" : "+r"(base[i]));
  }
  Vec acc[rows][2];
  for (int i = 0; i < rows; ++i)
    for (int v = 0; v < 2; ++v) acc[i][v] = first ? Vec{} : load(sums + i * o.width + v * vector_floats);
  const float* w = strip.w;
  float* packed = strip.packed;
  for (int64_t e = 0; e < depth; ++e, w += strip.stride) {
    Vec columns[2];
    for (int v = 0; v < 2; ++v) {
      const int64_t at = v * vector_floats;
      columns[v] = whole ? load(w + at) : load_up_to(w + at, strip.left - at);
      FASTCONV_PIN(columns[v]);
    }
    if (packed)
      for (int v = 0; v < 2; ++v, packed += vector_floats) store(packed, columns[v]);
    if (strip.fetch)
      for (int v = 0; v < 2 * vector_floats; v += 16)
        __builtin_prefetch(w + dense_chunk * strip.stride + v, 0, 2);
    for (int i = 0; i < rows; ++i) {
      const Vec row = broadcast(base[i / 3][(i % 3) * o.shape.k + e]);
      for (int v = 0; v < 2; ++v) acc[i][v] += row * columns[v];
    }
  }
  for (int i = 0; i < rows; ++i)
    for (int v = 0; v < 2; ++v) store(sums + i * o.width + v * vector_floats, acc[i][v]);
}

template <int largest>
FASTCONV_INLINE void chunk_tile_of(int64_t rows, const Operands& o, const float* x, const Strip& strip,
                                   int64_t depth, float* sums, bool first) {
  if constexpr (largest > 1) {
    if (rows < largest) return chunk_tile_of<largest - 1>(rows, o, x, strip, depth, sums, first);
  }
  if (strip.left >= 2 * vector_floats)
    chunk_tile<largest, true>(o, x, strip, depth, sums, first);
  else
    chunk_tile<largest, false>(o, x, strip, depth, sums, first);
}

// All rows times one chunk of a strip.  Rows of w lie a power of two apart more often than not, and L1 keeps only a few
// of such lines: the first tile packs them for the others.
void strip_rows(const Operands& o, const float* x, int64_t rows, Strip strip, int64_t depth, float* sums,
                bool first) {
  alignas(64) float packed[dense_chunk * 2 * vector_floats];
  if (rows > tile_rows) strip.packed = packed;
  for (int64_t i = 0; i < rows;) {
    const int64_t rest = rows - i;
    const int64_t now =
        rest > tile_rows && rest < 2 * tile_rows ? (rest + 1) / 2 : smaller_of(rest, tile_rows);
    chunk_tile_of<tile_rows>(now, o, x + i * o.shape.k, strip, depth, sums + i * o.width, first);
    strip = {packed, 2 * vector_floats, 2 * vector_floats, nullptr, false};
    i += now;
  }
}

// One block of the depth: sums (rows, width) = x[row.., e0..] w[e0.., j0..].
void block(const Operands& o, int64_t row, int64_t rows, int64_t e0, int64_t j0, float* sums) {
  const int64_t end = smaller_of(e0 + dense_depth, o.shape.k), columns = smaller_of(o.width, o.shape.n - j0);
  for (int64_t e = e0; e < end; e += dense_chunk) {
    const int64_t depth = smaller_of(dense_chunk, end - e);
    const bool fetch = e + dense_chunk + depth <= o.shape.k;
    for (int64_t j = 0; j < columns; j += 2 * vector_floats)
      strip_rows(o, o.x + row * o.shape.k + e, rows,
                 {o.w + e * o.shape.n + j0 + j, o.shape.n, columns - j, nullptr, fetch}, depth, sums + j,
                 e == e0);
  }
}

// The blocks of the depth are tasks; their sums meet in the workspace.
void run_split(const Operands& o, const DenseFinish& finish, float* partial) {
  const int64_t blocks = o.shape.depth_blocks(), strips = o.shape.column_blocks(), m = o.shape.m;
  parallel(blocks * strips, [&](int64_t task, int) {
    block(o, 0, m, task / strips * dense_depth, task % strips * o.width, partial + task * m * o.width);
  });
  parallel(m * strips, [&](int64_t task, int) {
    const int64_t i = task / strips, strip = task % strips;
    const int64_t columns = smaller_of(o.width, o.shape.n - strip * o.width);
    for (int64_t j = 0; j < columns; j += vector_floats) {
      const float* sums = partial + (strip * m + i) * o.width + j;
      Vec total = load(sums);
      for (int64_t b = 1; b < blocks; ++b) total += load(sums + b * strips * m * o.width);
      finish(total, i, strip * o.width + j);
    }
  });
}

// A task walks the depth alone, with two tiles of sums in its scratch.
void run_whole(const Operands& o, const DenseFinish& finish) {
  const int64_t strips = o.shape.column_blocks();
  parallel(o.shape.row_blocks() * strips, [&](int64_t task, int thread) {
    const int64_t row = task / strips * dense_rows, j0 = task % strips * o.width;
    const int64_t rows = smaller_of(dense_rows, o.shape.m - row),
                  columns = smaller_of(o.width, o.shape.n - j0);
    float* const total = static_cast<float*>(thread_scratch(thread));
    float* const sums = total + dense_sums;
    block(o, row, rows, 0, j0, total);
    for (int64_t e = dense_depth; e < o.shape.k; e += dense_depth) {
      block(o, row, rows, e, j0, sums);
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = i * o.width; j < i * o.width + columns; j += vector_floats)
          store(total + j, load(total + j) + load(sums + j));
    }
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; j += vector_floats)
        finish(load(total + i * o.width + j), row + i, j0 + j);
  });
}

}  // namespace

void dense_streams(const Dense& a, const Call& call) {
  const int64_t *x = call.inputs[0].desc.dims, *w = call.inputs[1].desc.dims;
  const Operands o{static_cast<const float*>(call.inputs[0].data),
                   static_cast<const float*>(call.inputs[1].data),
                   {x[0], w[0], w[1]},
                   DenseShape{x[0], w[0], w[1]}.columns()};
  const DenseFinish finish(a, call);
  if (o.shape.split())
    run_split(o, finish, static_cast<float*>(call.workspace));
  else
    run_whole(o, finish);
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
