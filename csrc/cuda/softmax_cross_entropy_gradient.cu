// softmax_cross_entropy_gradient: dx_j = (exp(x_j - m) / sum * sum_i t_i - t_j) dloss.
#include "primitives/softmax_cross_entropy_gradient.h"

#include "cuda/class_rows.cuh"

namespace fastconv {
namespace {

struct Row {
  const float* logits;
  Targets targets;
  const float* dloss;
  float* dlogits;  // may be the logits
  template <class Team>
  __device__ void operator()(const Team& team, uint32_t row, uint32_t classes) const {
    const float* x = logits + row * classes;
    float* dx = dlogits + row * classes;
    const MaxSum all = row_max_sum(team, classes, x);
    if (targets.weights) {
      const float* t = targets.weights + row * classes;
      const float scale = row_sum(team, classes, [&](uint32_t j) { return t[j]; }) / all.sum;
      write_row(team, classes, dx,
                [&](uint32_t j) { return (expf(x[j] - all.largest) * scale - t[j]) * dloss[row]; });
    } else if (classes) {
      const int label = targets.label(row, classes);
      const float scale = (label < 0 ? NAN : 1.0f) / all.sum;
      write_row(team, classes, dx, [&](uint32_t j) {
        const float target = static_cast<int>(j) == label ? 1.0f : 0.0f;
        return (expf(x[j] - all.largest) * scale - target) * dloss[row];
      });
    }
  }
};

void rows(const SoftmaxCrossEntropyGradient& a, const Call& call) {
  each_row(
      call, call.inputs[0].desc,
      Row{input<float>(call, 0), Targets(call, a.sparse), input<float>(call, 2), output<float>(call, 0)});
}

const Register<SoftmaxCrossEntropyGradient> on_cuda{
    "cuda", {{"rows", scores_and_targets, no_workspace, bandwidth_cost, rows, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
