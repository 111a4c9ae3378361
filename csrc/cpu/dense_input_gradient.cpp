// dense_input_gradient: dx = dy times w transposed.
#include "cpu/dense_input_gradient/dense_input_gradient.h"

#include "cpu/dense_rows.h"

namespace fastconv {
namespace {

void reference(const DenseInputGradient&, const Call& call) {
  const int64_t m = call.inputs[0].desc.dims[0], n = call.inputs[0].desc.dims[1],
                k = call.inputs[1].desc.dims[0];
  const float* dy = static_cast<const float*>(call.inputs[0].data);
  const float* w = static_cast<const float*>(call.inputs[1].data);
  float* dx = static_cast<float*>(call.outputs[0].data);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t e = 0; e < k; ++e) {
      double sum = 0.0;
      for (int64_t j = 0; j < n; ++j) sum += static_cast<double>(dy[i * n + j]) * w[e * n + j];
      dx[i * k + e] = static_cast<float>(sum);
    }
}

const Register<DenseInputGradient> on_cpu{
    "cpu",
    {{"dots", all_inputs_float32, no_workspace, product_cost, FASTCONV_PICK(dense_input_gradient_dots),
      batch_invariant | wide},
     {"reference", all_inputs_float32, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
