// categorical_cross_entropy_gradient: (probabilities p (.., k), targets t, dloss (..)) -> dp (.., k)
//   not sparse: with q = p / sum(p) and u = t where q is not clipped, else 0: dp_j = (sum_i u_i - u_j / q_j) / sum(p) dloss
//   sparse: with c = clip(p): dp_j = (1 / sum(c) - [j = t] / p_j) dloss where p_j is not clipped, else 0
//   clip: to [1e-7, 1 - 1e-7].
//   sparse: t holds classes (..), int64 or float32 cut to a whole number; else weights of the classes (.., k).
//   A label that names no class makes its row NaN.
#include "cpu/categorical_cross_entropy_gradient/categorical_cross_entropy_gradient.h"

#include <vector>

#include "cpu/class_rows.h"

namespace fastconv {
namespace {

constexpr float low = 1e-7f, high = 1.0f - 1e-7f;

template <class Number>
Number clipped(Number p) {
  return p < low ? low : p > high ? high : p;
}

bool within(double p) { return !(p < low || p > high); }

void sparse_row(const Call& call, int64_t i, const float* p, int64_t classes, float* dp) {
  double sum = 0;
  for (int64_t j = 0; j < classes; ++j) sum += clipped(p[j]);
  for (int64_t j = 0; j < classes; ++j) {
    const double target = target_at(call, true, i, j, classes);
    const double slope = (1 / sum - (target == 0 ? 0 : target / p[j])) * input<float>(call, 2)[i];
    dp[j] = within(p[j]) || std::isnan(target) ? static_cast<float>(slope) : 0.0f;
  }
}

void weighted_row(const Call& call, int64_t i, const float* p, int64_t classes, float* dp) {
  double sum = 0, weight = 0;
  const float* t = input<float>(call, 1) + i * classes;
  for (int64_t j = 0; j < classes; ++j) sum += p[j];
  for (int64_t j = 0; j < classes; ++j) weight += within(p[j] / sum) ? t[j] : 0;
  for (int64_t j = 0; j < classes; ++j) {
    const double q = p[j] / sum, own = within(q) ? t[j] / q : 0;
    dp[j] = static_cast<float>((weight - own) / sum * input<float>(call, 2)[i]);
  }
}

void reference(const CategoricalCrossEntropyGradient& attributes, const Call& call) {
  const ClassRows all = rows_of(call);
  for (int64_t i = 0; i < all.rows; ++i) {
    const auto row = attributes.sparse ? sparse_row : weighted_row;
    row(call, i, all.scores + i * all.classes, all.classes, output<float>(call, 0) + i * all.classes);
  }
}

const Register<CategoricalCrossEntropyGradient> on_cpu{
    "cpu",
    {{"rows", scores_and_targets, no_workspace, bandwidth_cost,
      FASTCONV_PICK(categorical_cross_entropy_gradient_rows), batch_invariant | in_place | wide},
     {"reference", scores_and_targets, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
