// sigmoid_cross_entropy_gradient: (logits x, targets t, dloss) -> dlogits = (sigmoid(x) - t) dloss.
#include "cpu/sigmoid_cross_entropy_gradient/sigmoid_cross_entropy_gradient.h"

#include <cmath>

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

void reference(const SigmoidCrossEntropyGradient&, const Call& call) {
  const float* logits = input<float>(call, 0);
  const float* targets = input<float>(call, 1);
  const float* dloss = input<float>(call, 2);
  float* out = output<float>(call, 0);
  const int64_t count = element_count(call.outputs[0].desc);
  for (int64_t i = 0; i < count; ++i) {
    const double sigmoid = 1.0 / (1.0 + std::exp(-static_cast<double>(logits[i])));
    out[i] = static_cast<float>((sigmoid - targets[i]) * dloss[i]);
  }
}

const Register<SigmoidCrossEntropyGradient> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost,
      FASTCONV_PICK(sigmoid_cross_entropy_gradient_blocks), batch_invariant | in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
