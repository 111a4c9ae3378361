// conv2d_pooled_input_gradient: the rows for the CPU.
#include "core/parallel.h"
#include "cpu/conv2d/facts.h"
#include "cpu/conv2d/reference.h"

namespace fastconv {
namespace {

void reference(const Conv2dPooledInputGradient& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  const PooledGradient dy{static_cast<const float*>(call.inputs[0].data),
                          static_cast<const uint8_t*>(call.inputs[1].data), z};
  const float* filter = static_cast<const float*>(call.inputs[2].data);
  float* dx = static_cast<float*>(call.outputs[0].data);
  parallel(z.n * z.h, [&](int64_t row, int) {
    for (int64_t i = 0; i < z.w * z.c; ++i)
      dx[row * z.w * z.c + i] =
          static_cast<float>(input_gradient_sum(z, dy, filter, row / z.h, row % z.h, i / z.c, i % z.c));
  });
}

Refusal supports(const Conv2dPooledInputGradient&, const Signature& step) {
  return refuse_other_than_pooled(step, 1);
}

// ---- winograd_f4x3
Refusal winograd_supports(const Conv2dPooledInputGradient& a, const Signature& step) {
  if (auto refusal = supports(a, step)) return refusal;
  return refuse_other_than_unit_3x3(shape_of(a, step));
}
Workspace winograd_workspace(const Conv2dPooledInputGradient& a, const Signature& step) {
  const WinogradLayout layout = winograd_layout(input_gradient_pass(shape_of(a, step)));
  return {layout.shared_bytes, layout.per_thread_bytes};
}
double winograd_cost(const Conv2dPooledInputGradient& a, const Signature& step) {
  return fastconv::winograd_cost(input_gradient_pass(shape_of(a, step)));
}

const Register<Conv2dPooledInputGradient> on_cpu{
    "cpu",
    {{"winograd_f4x3", winograd_supports, winograd_workspace, winograd_cost,
      FASTCONV_PICK(winograd_f4x3_pooled_input_gradient), batch_invariant | wide},
     {"reference", supports, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
