// softmax_cross_entropy: loss = sum_j t_j (log(sum_i exp(x_i - m)) - (x_j - m)), m the row's largest: both parts are
// at least 0, nothing overflows.  A label reads its one element.
#include "primitives/softmax_cross_entropy.h"

#include "cuda/class_rows.cuh"

namespace fastconv {
namespace {

struct Row {
  const float* logits;
  Targets targets;
  float* loss;
  template <class Team>
  __device__ void operator()(const Team& team, uint32_t row, uint32_t classes) const {
    const float* x = logits + row * classes;
    const MaxSum all = row_max_sum(team, classes, x);
    const float log_sum = logf(all.sum);
    float total = NAN;
    if (targets.weights) {
      const float* t = targets.weights + row * classes;
      total = row_sum(team, classes, [&](uint32_t j) { return t[j] * (log_sum - (x[j] - all.largest)); });
    } else if (classes) {
      const int label = targets.label(row, classes);
      if (label >= 0) total = log_sum - (x[label] - all.largest);
    }
    if (classes && team.lane() == 0) loss[row] = total;
  }
};

void rows(const SoftmaxCrossEntropy& a, const Call& call) {
  each_row(call, call.inputs[0].desc,
           Row{input<float>(call, 0), Targets(call, a.sparse), output<float>(call, 0)});
}

const Register<SoftmaxCrossEntropy> on_cuda{
    "cuda", {{"rows", scores_and_targets, no_workspace, bandwidth_cost, rows, batch_invariant}}};

}  // namespace
}  // namespace fastconv
