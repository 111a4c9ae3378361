// relu_gradient: (dy, y) -> dx = dy where y > 0, else 0.  Where y is NaN, dy passes.
#include "cpu/relu_gradient/relu_gradient.h"

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

void reference(const ReluGradient&, const Call& call) {
  const float* dy = input<float>(call, 0);
  const float* y = input<float>(call, 1);
  float* out = output<float>(call, 0);
  const int64_t count = element_count(call.outputs[0].desc);
  for (int64_t i = 0; i < count; ++i) out[i] = y[i] <= 0.0f ? 0.0f : dy[i];
}

const Register<ReluGradient> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(relu_gradient_blocks),
      batch_invariant | in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
