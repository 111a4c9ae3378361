// categorical_cross_entropy: the sum over a row's probabilities p, then the terms of the loss.
//   weights: -sum_j t_j log(clip(p_j / sum(p)));  labels: log(sum(clip(p))) - log(clip(p_label))
#include "primitives/categorical_cross_entropy.h"

#include "cuda/class_rows.cuh"
#include "cuda/probabilities.cuh"

namespace fastconv {
namespace {

struct Row {
  const float* probabilities;
  Targets targets;
  float* loss;
  template <class Team>
  __device__ void operator()(const Team& team, uint32_t row, uint32_t classes) const {
    const float* p = probabilities + row * classes;
    float total = NAN;
    if (targets.weights) {
      const float* t = targets.weights + row * classes;
      const float sum = row_sum(team, classes, [&](uint32_t j) { return p[j]; });
      total = -row_sum(team, classes, [&](uint32_t j) { return t[j] * logf(clipped(p[j] / sum)); });
    } else {
      const float sum = row_sum(team, classes, [&](uint32_t j) { return clipped(p[j]); });
      const int label = classes ? targets.label(row, classes) : -1;
      if (label >= 0) total = logf(sum) - logf(clipped(p[label]));
    }
    if (classes && team.lane() == 0) loss[row] = total;
  }
};

void rows(const CategoricalCrossEntropy& a, const Call& call) {
  each_row(call, call.inputs[0].desc,
           Row{input<float>(call, 0), Targets(call, a.sparse), output<float>(call, 0)});
}

const Register<CategoricalCrossEntropy> on_cuda{
    "cuda", {{"rows", scores_and_targets, no_workspace, bandwidth_cost, rows, batch_invariant}}};

}  // namespace
}  // namespace fastconv
