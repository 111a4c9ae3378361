// softmax_cross_entropy_gradient: (logits x (.., k), targets t, dloss (..)) -> dx (.., k)
//   dx_j = (softmax(x)_j sum_i t_i - t_j) dloss
//   sparse: t holds classes (..), int64 or float32 cut to a whole number; else weights of the classes (.., k).
//   A label that names no class makes its row NaN.
#include "cpu/softmax_cross_entropy_gradient/softmax_cross_entropy_gradient.h"

#include <vector>

#include "cpu/class_rows.h"

namespace fastconv {
namespace {

void reference(const SoftmaxCrossEntropyGradient& attributes, const Call& call) {
  const ClassRows all = rows_of(call);
  std::vector<double> targets(static_cast<size_t>(all.classes));
  for (int64_t i = 0; i < all.rows; ++i) {
    const float* x = all.scores + i * all.classes;
    float* dx = output<float>(call, 0) + i * all.classes;
    double largest = x[0], sum = 0, weight = 0;
    for (int64_t j = 1; j < all.classes; ++j) largest = x[j] > largest ? x[j] : largest;
    for (int64_t j = 0; j < all.classes; ++j) {
      sum += std::exp(x[j] - largest);
      weight += targets[j] = target_at(call, attributes.sparse, i, j, all.classes);
    }
    for (int64_t j = 0; j < all.classes; ++j)
      dx[j] = static_cast<float>((std::exp(x[j] - largest) / sum * weight - targets[j]) *
                                 input<float>(call, 2)[i]);
  }
}

const Register<SoftmaxCrossEntropyGradient> on_cpu{
    "cpu",
    {{"rows", scores_and_targets, no_workspace, bandwidth_cost,
      FASTCONV_PICK(softmax_cross_entropy_gradient_rows), batch_invariant | in_place | wide},
     {"reference", scores_and_targets, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
