// softmax over the last axis: largest and sum of exponentials in one pass, then the quotients.
#include "primitives/softmax.h"

#include "cuda/class_rows.cuh"

namespace fastconv {
namespace {

struct Row {
  const float* x;
  float* y;  // may be x
  template <class Team>
  __device__ void operator()(const Team& team, uint32_t row, uint32_t classes) const {
    const uint32_t first = row * classes;
    const MaxSum all = row_max_sum(team, classes, x + first);
    const float share = 1.0f / all.sum;
    write_row(team, classes, y + first, [&](uint32_t j) { return expf(x[first + j] - all.largest) * share; });
  }
};

void rows(const Softmax&, const Call& call) {
  each_row(call, call.inputs[0].desc, Row{input<float>(call, 0), output<float>(call, 0)});
}

const Register<Softmax> on_cuda{
    "cuda", {{"rows", all_float32, no_workspace, bandwidth_cost, rows, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
