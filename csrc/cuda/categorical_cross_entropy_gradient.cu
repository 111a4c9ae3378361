// categorical_cross_entropy_gradient: the row's sums first, then each class (the header has the formula).
#include "primitives/categorical_cross_entropy_gradient.h"

#include "cuda/class_rows.cuh"
#include "cuda/probabilities.cuh"

namespace fastconv {
namespace {

struct Row {
  const float* probabilities;
  Targets targets;
  const float* dloss;
  float* dprobabilities;  // may be the probabilities
  template <class Team>
  __device__ void operator()(const Team& team, uint32_t row, uint32_t classes) const {
    if (targets.weights)
      weighted(team, row, classes);
    else
      labelled(team, row, classes);
  }

 private:
  template <class Team>
  __device__ void labelled(const Team& team, uint32_t row, uint32_t classes) const {
    const float* p = probabilities + row * classes;
    float* dp = dprobabilities + row * classes;
    const float sum = row_sum(team, classes, [&](uint32_t j) { return clipped(p[j]); });
    const int label = classes ? targets.label(row, classes) : -1;
    const float share = label < 0 ? NAN : 1.0f / sum;
    write_row(team, classes, dp, [&](uint32_t j) {
      const float own = static_cast<int>(j) == label ? 1.0f / p[j] : 0.0f;
      return within(p[j]) || label < 0 ? (share - own) * dloss[row] : 0.0f;
    });
  }

  template <class Team>
  __device__ void weighted(const Team& team, uint32_t row, uint32_t classes) const {
    const float* p = probabilities + row * classes;
    const float* t = targets.weights + row * classes;
    float* dp = dprobabilities + row * classes;
    const float sum = row_sum(team, classes, [&](uint32_t j) { return p[j]; });
    const float weight = row_sum(team, classes, [&](uint32_t j) { return within(p[j] / sum) ? t[j] : 0.0f; });
    write_row(team, classes, dp, [&](uint32_t j) {
      const float q = p[j] / sum, own = within(q) ? t[j] / q : 0.0f;
      return (weight - own) * (dloss[row] / sum);
    });
  }
};

void rows(const CategoricalCrossEntropyGradient& a, const Call& call) {
  each_row(
      call, call.inputs[0].desc,
      Row{input<float>(call, 0), Targets(call, a.sparse), input<float>(call, 2), output<float>(call, 0)});
}

const Register<CategoricalCrossEntropyGradient> on_cuda{
    "cuda", {{"rows", scores_and_targets, no_workspace, bandwidth_cost, rows, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
