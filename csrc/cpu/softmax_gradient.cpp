// softmax_gradient over the last axis.
#include "cpu/softmax_gradient/softmax_gradient.h"

#include "cpu/last_axis.h"

namespace fastconv {
namespace {

void reference(const SoftmaxGradient&, const Call& call) {
  const int64_t k = last_axis(call.outputs[0].desc);
  const float* dy = static_cast<const float*>(call.inputs[0].data);
  const float* y = static_cast<const float*>(call.inputs[1].data);
  float* dx = static_cast<float*>(call.outputs[0].data);
  for (float* const end = dx + element_count(call.outputs[0].desc); dx < end; dy += k, y += k, dx += k) {
    double sum = 0.0;
    for (int64_t j = 0; j < k; ++j) sum += static_cast<double>(dy[j]) * y[j];
    for (int64_t j = 0; j < k; ++j) dx[j] = static_cast<float>(y[j] * (dy[j] - sum));
  }
}

const Register<SoftmaxGradient> on_cpu{
    "cpu",
    {{"rows", float32_rows, no_workspace, row_cost, FASTCONV_PICK(softmax_gradient_rows),
      batch_invariant | in_place | wide},
     {"reference", float32_rows, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
