// softmax_gradient over the last axis: dx = y * (dy - sum dy * y).
#include "cuda/class_rows.cuh"
#include "primitives/softmax.h"

namespace fastconv {
namespace {

struct Row {
  const float *dy, *y;
  float* dx;  // may be dy
  template <class Team>
  __device__ void operator()(const Team& team, uint32_t row, uint32_t classes) const {
    const uint32_t first = row * classes;
    const float sum = row_sum(team, classes, [&](uint32_t j) { return dy[first + j] * y[first + j]; });
    write_row(team, classes, dx + first, [&](uint32_t j) { return y[first + j] * (dy[first + j] - sum); });
  }
};

void rows(const SoftmaxGradient&, const Call& call) {
  each_row(call, call.inputs[0].desc,
           Row{input<float>(call, 0), input<float>(call, 1), output<float>(call, 0)});
}

const Register<SoftmaxGradient> on_cuda{
    "cuda", {{"rows", all_float32, no_workspace, bandwidth_cost, rows, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
