// dense_weight_gradient: dw = x transposed times dy, dbias = sum of dy.
#include "cpu/dense_weight_gradient/dense_weight_gradient.h"

#include "cpu/dense_rows.h"

namespace fastconv {
namespace {

void reference(const DenseWeightGradient& a, const Call& call) {
  const int64_t m = call.inputs[0].desc.dims[0], k = call.inputs[0].desc.dims[1],
                n = call.inputs[1].desc.dims[1];
  const float* x = static_cast<const float*>(call.inputs[0].data);
  const float* dy = static_cast<const float*>(call.inputs[1].data);
  float* dw = static_cast<float*>(call.outputs[0].data);
  for (int64_t j = 0; j < n; ++j) {
    for (int64_t e = 0; e < k; ++e) {
      double sum = 0.0;
      for (int64_t i = 0; i < m; ++i) sum += static_cast<double>(x[i * k + e]) * dy[i * n + j];
      dw[e * n + j] = static_cast<float>(sum);
    }
    if (!a.bias) continue;
    double sum = 0.0;
    for (int64_t i = 0; i < m; ++i) sum += dy[i * n + j];
    static_cast<float*>(call.outputs[1].data)[j] = static_cast<float>(sum);
  }
}

double cost(const DenseWeightGradient&, const Signature& step) {
  const double bytes = static_cast<double>(byte_count(step.inputs[0]) + byte_count(step.inputs[1]) +
                                           byte_count(step.outputs[0]));
  return bytes / 8e9 +
         2.0 * static_cast<double>(element_count(step.outputs[0]) * step.inputs[0].dims[0]) / 50e9;
}

const Register<DenseWeightGradient> on_cpu{
    "cpu",
    {{"outer", all_inputs_float32, no_workspace, cost, FASTCONV_PICK(dense_weight_gradient_outer), wide},
     {"reference", all_inputs_float32, no_workspace, reference_cost, reference}}};

}  // namespace
}  // namespace fastconv
