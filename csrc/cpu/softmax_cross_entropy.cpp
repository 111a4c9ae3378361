// softmax_cross_entropy: (logits x (.., k), targets t) -> loss (..) = -sum_j t_j log(softmax(x)_j).
//   sparse: t holds classes (..), int64 or float32 cut to a whole number; else weights of the classes (.., k).
//   A label that names no class makes its row NaN.
#include "cpu/softmax_cross_entropy/softmax_cross_entropy.h"

#include <vector>

#include "cpu/class_rows.h"

namespace fastconv {
namespace {

void reference(const SoftmaxCrossEntropy& attributes, const Call& call) {
  const ClassRows all = rows_of(call);
  float* loss = output<float>(call, 0);
  for (int64_t i = 0; i < all.rows; ++i) {
    const float* x = all.scores + i * all.classes;
    double largest = x[0], sum = 0, total = 0;
    for (int64_t j = 1; j < all.classes; ++j) largest = x[j] > largest ? x[j] : largest;
    for (int64_t j = 0; j < all.classes; ++j) sum += std::exp(x[j] - largest);
    for (int64_t j = 0; j < all.classes; ++j) {
      const double target = target_at(call, attributes.sparse, i, j, all.classes);
      if (!attributes.sparse || target != 0) total += target * (std::log(sum) - (x[j] - largest));
    }
    loss[i] = static_cast<float>(total);
  }
}

const Register<SoftmaxCrossEntropy> on_cpu{
    "cpu",
    {{"rows", scores_and_targets, no_workspace, bandwidth_cost, FASTCONV_PICK(softmax_cross_entropy_rows),
      batch_invariant | wide},
     {"reference", scores_and_targets, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
