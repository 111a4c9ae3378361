// sigmoid_cross_entropy: (logits x, targets t) -> loss, element by element.
//   loss = -t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x)) = max(x, 0) - x t + log(1 + exp(-|x|))
#include "cpu/sigmoid_cross_entropy/sigmoid_cross_entropy.h"

#include <cmath>

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

void reference(const SigmoidCrossEntropy&, const Call& call) {
  const float* logits = input<float>(call, 0);
  const float* targets = input<float>(call, 1);
  float* out = output<float>(call, 0);
  const int64_t count = element_count(call.outputs[0].desc);
  for (int64_t i = 0; i < count; ++i) {
    const double x = logits[i], t = targets[i];
    out[i] = static_cast<float>((x < 0 ? 0.0 : x) - x * t + std::log1p(std::exp(-std::fabs(x))));
  }
}

const Register<SigmoidCrossEntropy> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(sigmoid_cross_entropy_blocks),
      batch_invariant | in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
