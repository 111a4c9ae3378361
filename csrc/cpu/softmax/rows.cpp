// y = exp(x - largest x) / sum of the same, row by row: one pass for the largest, one for the exponentials and their
// sum, one to scale.  A row that holds a NaN or an infinity that is not below becomes NaN.
#include "cpu/simd/class_rows.h"
#include "cpu/softmax/softmax.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void softmax_rows(const Softmax&, const Call& call) {
  const TensorDesc& desc = call.outputs[0].desc;
  const int64_t k = desc.dims[desc.rank - 1];
  const float* const inputs = static_cast<const float*>(call.inputs[0].data);
  float* const outputs = static_cast<float*>(call.outputs[0].data);
  class_rows(count_of(desc) / k, k, [=](int64_t row) {
    const float* const x = inputs + row * k;
    float* const y = outputs + row * k;
    const float largest = row_max(x, k);
    const float sum = row_sum(k, [&](int64_t j, int64_t count) {
      const Vec e = exp(load_up_to(x + j, count) - largest);
      store_up_to(y + j, e, count);
      return e;
    });
    each_vector(k,
                [&](int64_t j, int64_t count) { store_up_to(y + j, load_up_to(y + j, count) / sum, count); });
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
