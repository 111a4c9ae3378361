// loss = sum_j t_j (log(sum_i exp(x_i - m)) - (x_j - m)), m the row's largest: both parts are at least 0, nothing
// overflows.  The row is read three times, from the cache; a label reads its one element.
#include "cpu/simd/class_rows.h"
#include "cpu/softmax_cross_entropy/softmax_cross_entropy.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void softmax_cross_entropy_rows(const SoftmaxCrossEntropy& attributes, const Call& call) {
  const float* const logits = static_cast<const float*>(call.inputs[0].data);
  float* const loss = static_cast<float*>(call.outputs[0].data);
  const Tensor targets = call.inputs[1];
  const bool sparse = attributes.sparse;
  const TensorDesc& desc = call.inputs[0].desc;
  const int64_t classes = desc.dims[desc.rank - 1];
  if (classes == 0) return;
  class_rows(count_of(call.outputs[0].desc), classes, [=](int64_t row) {
    const float* x = logits + row * classes;
    const float largest = row_max(x, classes);
    const float log_sum = scalar_log(
        row_sum(classes, [=](int64_t j, int64_t count) { return exp(load_up_to(x + j, count) - largest); }));
    if (sparse) {
      const int64_t label = label_of(targets, row, classes);
      loss[row] = label < 0 ? __builtin_nanf("") : log_sum - (x[label] - largest);
      return;
    }
    const float* t = static_cast<const float*>(targets.data) + row * classes;
    loss[row] = row_sum(classes, [=](int64_t j, int64_t count) {
      return load_up_to(t + j, count) * (log_sum - (load_up_to(x + j, count) - largest));
    });
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
