// dw[e][j] = sum_i x[i][e] dy[i][j], and dbias[j] = sum_i dy[i][j]: outer products over few samples i.  dw is
// written once, past the caches when it is large; x and dy stay in L2.
//
//               2 vectors of j
//             +-------+-------+     12 rows e of dw (6 below AVX-512), 2 vectors of dy and a broadcast
//   12 rows e |  sum  |       |     of x: see cpu/simd/gemm.h.
//             +-------+-------+
//
// Order of summation: i ascending from zero within 256 samples; the blocks' sums in their order.
#include "core/parallel.h"
#include "cpu/dense_weight_gradient/dense_weight_gradient.h"
#include "cpu/simd/gemm.h"
#include "cpu/simd/reduce.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

constexpr int64_t samples = 256;  // of one block of the sum
constexpr int64_t task_rows = 4 * tile_rows;
constexpr int64_t stream_bytes = 16 << 20;

struct Product {
  const float *x, *dy;
  float* dw;
  int64_t m, k, n;
  bool streamed;
};

template <int rows>
__attribute__((noinline)) void outer_rows(const Product& o, int64_t e, int64_t i0, int64_t depth) {
  Epilogue epilogue;
  epilogue.accumulate = i0 > 0;
  epilogue.stream = o.streamed;
  for (int64_t j = 0; j < o.n; j += 2 * vector_floats) {
    const int64_t left[2] = {o.n - j, o.n - j - vector_floats};
    const int64_t column[2] = {j, j + vector_floats};
    float* const row = o.dw + e * o.n + j;
    float* const target[2] = {row, row + vector_floats};
    Tile<rows, 2> tile;
    tile.clear();
    const float* x = o.x + i0 * o.k + e;
    const float* dy = o.dy + i0 * o.n + j;
    if (left[1] >= vector_floats) {
      const float* columns[2] = {dy, dy + vector_floats};
      for (int64_t i = 0; i < depth; ++i, x += o.k) tile.step([&](int r) { return x + r; }, columns, i * o.n);
    } else {  // the last columns, from copies with zeros behind them
      for (int64_t i = 0; i < depth; ++i, x += o.k, dy += o.n) {
        alignas(64) float copy[2 * vector_floats];
        store(copy, load_up_to(dy, left[0]));
        store(copy + vector_floats, load_up_to(dy + vector_floats, left[1]));
        const float* columns[2] = {copy, copy + vector_floats};
        tile.step([&](int r) { return x + r; }, columns, 0);
      }
    }
    tile.finish(target, left, o.n, column, epilogue);
  }
}

template <int largest>
FASTCONV_INLINE void outer_rows_of(int64_t rows, const Product& o, int64_t e, int64_t i0, int64_t depth) {
  if constexpr (largest > 1) {
    if (rows < largest) return outer_rows_of<largest - 1>(rows, o, e, i0, depth);
  }
  outer_rows<largest>(o, e, i0, depth);
}

void sum_dy(const Product& o, float* dbias) { reduce_columns_of({1, o.m, o.n}, 1, o.dy, dbias); }

}  // namespace

void dense_weight_gradient_outer(const DenseWeightGradient& a, const Call& call) {
  const int64_t *x = call.inputs[0].desc.dims, *dy = call.inputs[1].desc.dims;
  Product o{static_cast<const float*>(call.inputs[0].data),
            static_cast<const float*>(call.inputs[1].data),
            static_cast<float*>(call.outputs[0].data),
            x[0],
            x[1],
            dy[1],
            false};
  o.streamed = o.m <= samples && o.n % 16 == 0 && o.k * o.n * 4 >= stream_bytes;
  parallel((o.k + task_rows - 1) / task_rows, [&](int64_t task, int) {
    for (int64_t e = task * task_rows; e < o.k && e < (task + 1) * task_rows; e += tile_rows)
      for (int64_t i = 0; i < o.m; i += samples)
        outer_rows_of<tile_rows>(o.k - e, o, e, i, o.m - i < samples ? o.m - i : samples);
    if (o.streamed) stream_fence();
  });
  if (a.bias) sum_dy(o, static_cast<float*>(call.outputs[1].data));
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
