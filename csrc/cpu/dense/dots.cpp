// One column: y[i] = activation(sum_e x[i][e] w[e] + bias + residual[i]).  A task is one row of x, a lane
// takes every vector_floats-th product; lanes are added at the end.
#include "core/parallel.h"
#include "cpu/dense/dense.h"
#include "cpu/dense/finish.h"
#include "cpu/simd/lanes.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void dense_dots(const Dense& a, const Call& call) {
  const int64_t k = call.inputs[0].desc.dims[1];
  const float* const rows = static_cast<const float*>(call.inputs[0].data);
  const float* const w = static_cast<const float*>(call.inputs[1].data);
  const DenseFinish finish(a, call);
  parallel(call.inputs[0].desc.dims[0], [&](int64_t i, int) {
    const float* const x = rows + i * k;
    Vec sums[4] = {};
    int64_t e = 0;
    for (; e + 4 * vector_floats <= k; e += 4 * vector_floats)
      for (int v = 0; v < 4; ++v)
        sums[v] += load(x + e + v * vector_floats) * load(w + e + v * vector_floats);
    for (int v = 0; v < 4; ++v, e += vector_floats)
      sums[v] += load_up_to(x + e, k - e) * load_up_to(w + e, k - e);
    finish(Vec{} + add_lanes((sums[0] + sums[2]) + (sums[1] + sums[3])), i, 0);
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
