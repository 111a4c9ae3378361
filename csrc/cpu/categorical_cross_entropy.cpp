// categorical_cross_entropy: (probabilities p (.., k), targets t) -> loss (..)
//   not sparse: q = p / sum(p), loss = -sum_j t_j log(clip(q_j));  sparse: c = clip(p), loss = log(sum(c)) - log(c_t)
//   clip: to [1e-7, 1 - 1e-7].  The two differ as Keras's do.
//   sparse: t holds classes (..), int64 or float32 cut to a whole number; else weights of the classes (.., k).
//   A label that names no class makes its row NaN.
#include "cpu/categorical_cross_entropy/categorical_cross_entropy.h"

#include <vector>

#include "cpu/class_rows.h"

namespace fastconv {
namespace {

constexpr float low = 1e-7f, high = 1.0f - 1e-7f;

template <class Number>
Number clipped(Number p) {
  return p < low ? low : p > high ? high : p;
}

void reference(const CategoricalCrossEntropy& attributes, const Call& call) {
  const ClassRows all = rows_of(call);
  float* loss = output<float>(call, 0);
  for (int64_t i = 0; i < all.rows; ++i) {
    const float* p = all.scores + i * all.classes;
    double sum = 0, total = 0;
    for (int64_t j = 0; j < all.classes; ++j) sum += attributes.sparse ? clipped(p[j]) : p[j];
    for (int64_t j = 0; j < all.classes; ++j) {
      const double target = target_at(call, attributes.sparse, i, j, all.classes);
      if (!attributes.sparse)
        total -= target * std::log(clipped(p[j] / sum));
      else if (target != 0)
        total += target * (std::log(sum) - std::log(static_cast<double>(clipped(p[j]))));
    }
    loss[i] = static_cast<float>(total);
  }
}

const Register<CategoricalCrossEntropy> on_cpu{
    "cpu",
    {{"rows", scores_and_targets, no_workspace, bandwidth_cost, FASTCONV_PICK(categorical_cross_entropy_rows),
      batch_invariant | wide},
     {"reference", scores_and_targets, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
