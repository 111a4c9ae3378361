// binary_cross_entropy_gradient: (probabilities p, targets t, dloss) -> dp = ((1 - t) / (1 - p) - t / p) dloss;
// 0 outside [1e-7, 1 - 1e-7], where the loss is clipped.
#include "cpu/binary_cross_entropy_gradient/binary_cross_entropy_gradient.h"

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

constexpr float low = 1e-7f, high = 1.0f - 1e-7f;

void reference(const BinaryCrossEntropyGradient&, const Call& call) {
  const float* probabilities = input<float>(call, 0);
  const float* targets = input<float>(call, 1);
  const float* dloss = input<float>(call, 2);
  float* out = output<float>(call, 0);
  const int64_t count = element_count(call.outputs[0].desc);
  for (int64_t i = 0; i < count; ++i) {
    const double p = probabilities[i], t = targets[i];
    const bool clipped = probabilities[i] < low || probabilities[i] > high;
    out[i] = clipped ? 0.0f : static_cast<float>(((1 - t) / (1 - p) - t / p) * dloss[i]);
  }
}

const Register<BinaryCrossEntropyGradient> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost,
      FASTCONV_PICK(binary_cross_entropy_gradient_blocks), batch_invariant | in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
