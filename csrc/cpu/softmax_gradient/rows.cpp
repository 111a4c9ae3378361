// dx = y * (dy - sum of dy * y), row by row.
#include "cpu/simd/class_rows.h"
#include "cpu/softmax_gradient/softmax_gradient.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void softmax_gradient_rows(const SoftmaxGradient&, const Call& call) {
  const TensorDesc& desc = call.outputs[0].desc;
  const int64_t k = desc.dims[desc.rank - 1];
  const float* const gradients = static_cast<const float*>(call.inputs[0].data);
  const float* const results = static_cast<const float*>(call.inputs[1].data);
  float* const outputs = static_cast<float*>(call.outputs[0].data);
  class_rows(count_of(desc) / k, k, [=](int64_t row) {
    const float *const dy = gradients + row * k, *const y = results + row * k;
    const float sum = row_sum(
        k, [&](int64_t j, int64_t count) { return load_up_to(dy + j, count) * load_up_to(y + j, count); });
    each_vector(k, [&](int64_t j, int64_t count) {
      store_up_to(outputs + row * k + j, load_up_to(y + j, count) * (load_up_to(dy + j, count) - sum), count);
    });
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
