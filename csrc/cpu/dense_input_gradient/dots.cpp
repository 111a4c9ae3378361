// dx[i][e] = sum_j dy[i][j] w[e][j]: dot products of rows.  w is read once, row after row; dy stays in L2.
//
//                4 rows e of w      6 x 4 vectors of sums, 4 of w and 1 of dy make 29 of AVX-512's 32
//             +---+---+---+---+     registers; below it 2 x 4, 4 and 1 of 16: a third row would spill.
//   6 rows i  |sum|   |   |   |
//     of dy   +---+---+---+---+     A lane takes every vector_floats-th product, ascending; lanes are
//                                   added at the end.  A task is 128 KiB of w, in groups of 4 rows.
#include "core/parallel.h"
#include "cpu/dense_input_gradient/dense_input_gradient.h"
#include "cpu/simd/lanes.h"
#include "cpu/simd/partial.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

constexpr int group_rows = 4, dy_rows = vector_floats == 16 ? 6 : 2;
constexpr int64_t task_floats = 32768;

template <int rows, int group>
__attribute__((noinline)) void dot_tile(const float* dy, const float* w, int64_t n, int64_t k, float* dx) {
  Vec sums[rows][group] = {};
  const auto step = [&](int64_t j, int64_t left) __attribute__((always_inline)) {
    Vec of_w[group];
    for (int g = 0; g < group; ++g)
      of_w[g] = left >= vector_floats ? load(w + g * n + j) : load_up_to(w + g * n + j, left);
    for (int i = 0; i < rows; ++i) {
      const Vec row = left >= vector_floats ? load(dy + i * n + j) : load_up_to(dy + i * n + j, left);
      for (int g = 0; g < group; ++g) sums[i][g] += row * of_w[g];
    }
  };
  int64_t j = 0;
  for (; j + vector_floats <= n; j += vector_floats) step(j, vector_floats);
  if (j < n) step(j, n - j);
  for (int i = 0; i < rows; ++i)
    for (int g = 0; g < group; ++g) dx[i * k + g] = add_lanes(sums[i][g]);
}

template <int rows>
FASTCONV_INLINE void dot_rows(int64_t group, const float* dy, const float* w, int64_t n, int64_t k,
                              float* dx) {
  switch (group) {
    case 1: return dot_tile<rows, 1>(dy, w, n, k, dx);
    case 2: return dot_tile<rows, 2>(dy, w, n, k, dx);
    case 3: return dot_tile<rows, 3>(dy, w, n, k, dx);
    default: return dot_tile<rows, 4>(dy, w, n, k, dx);
  }
}

}  // namespace

void dense_input_gradient_dots(const DenseInputGradient&, const Call& call) {
  const int64_t m = call.inputs[0].desc.dims[0], n = call.inputs[0].desc.dims[1],
                k = call.inputs[1].desc.dims[0];
  const float* const dy = static_cast<const float*>(call.inputs[0].data);
  const float* const w = static_cast<const float*>(call.inputs[1].data);
  float* const dx = static_cast<float*>(call.outputs[0].data);
  const int64_t groups = task_floats / (n * group_rows) + 1, each = groups * group_rows;
  parallel((k + each - 1) / each, [&](int64_t task, int) {
    for (int64_t e = task * each; e < k && e < (task + 1) * each; e += group_rows) {
      const int64_t group = k - e < group_rows ? k - e : group_rows;
      int64_t i = 0;
      for (; i + dy_rows <= m; i += dy_rows)
        dot_rows<dy_rows>(group, dy + i * n, w + e * n, n, k, dx + i * k + e);
      for (; i + 2 <= m; i += 2) dot_rows<2>(group, dy + i * n, w + e * n, n, k, dx + i * k + e);
      if (i < m) dot_rows<1>(group, dy + i * n, w + e * n, n, k, dx + i * k + e);
    }
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
