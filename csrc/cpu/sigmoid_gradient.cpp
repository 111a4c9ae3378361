// sigmoid_gradient: (dy, y) -> dx = dy y (1 - y), from the output y.
#include "cpu/sigmoid_gradient/sigmoid_gradient.h"

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

void reference(const SigmoidGradient&, const Call& call) {
  const float* dy = input<float>(call, 0);
  const float* y = input<float>(call, 1);
  float* out = output<float>(call, 0);
  const int64_t count = element_count(call.outputs[0].desc);
  for (int64_t i = 0; i < count; ++i) out[i] = dy[i] * (y[i] * (1.0f - y[i]));
}

const Register<SigmoidGradient> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(sigmoid_gradient_blocks),
      batch_invariant | in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
