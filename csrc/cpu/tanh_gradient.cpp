// tanh_gradient: (dy, y) -> dx = dy (1 - y^2), from the output y.
#include "cpu/tanh_gradient/tanh_gradient.h"

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

void reference(const TanhGradient&, const Call& call) {
  const float* dy = input<float>(call, 0);
  const float* y = input<float>(call, 1);
  float* out = output<float>(call, 0);
  const int64_t count = element_count(call.outputs[0].desc);
  for (int64_t i = 0; i < count; ++i) out[i] = dy[i] * ((1.0f - y[i]) * (1.0f + y[i]));
}

const Register<TanhGradient> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(tanh_gradient_blocks),
      batch_invariant | in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
