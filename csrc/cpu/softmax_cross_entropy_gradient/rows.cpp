// dx_j = (exp(x_j - m) / sum * sum_i t_i - t_j) dloss.  dx may be the logits' memory: each vector is read before it is
// written, after the row's sums are known.
#include "cpu/simd/class_rows.h"
#include "cpu/softmax_cross_entropy_gradient/softmax_cross_entropy_gradient.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void softmax_cross_entropy_gradient_rows(const SoftmaxCrossEntropyGradient& attributes, const Call& call) {
  const float* const logits = static_cast<const float*>(call.inputs[0].data);
  const float* const dloss = static_cast<const float*>(call.inputs[2].data);
  float* const dlogits = static_cast<float*>(call.outputs[0].data);
  const Tensor targets = call.inputs[1];
  const bool sparse = attributes.sparse;
  const TensorDesc& desc = call.inputs[0].desc;
  const int64_t classes = desc.dims[desc.rank - 1];
  if (classes == 0) return;
  class_rows(count_of(call.inputs[2].desc), classes, [=](int64_t row) {
    const float* x = logits + row * classes;
    const float* t = static_cast<const float*>(targets.data) + (sparse ? 0 : row * classes);
    float* dx = dlogits + row * classes;
    const int64_t label = sparse ? label_of(targets, row, classes) : -1;
    const float largest = row_max(x, classes);
    const float sum =
        row_sum(classes, [=](int64_t j, int64_t count) { return exp(load_up_to(x + j, count) - largest); });
    float weight =
        sparse ? 1.0f : row_sum(classes, [=](int64_t j, int64_t count) { return load_up_to(t + j, count); });
    if (sparse && label < 0) weight = __builtin_nanf("");
    const float scale = weight / sum;
    const VecInt lanes = lane_numbers();
    each_vector(classes, [=](int64_t j, int64_t count) {
      const Vec one_hot = lanes == static_cast<int32_t>(label - j) ? broadcast(1.0f) : Vec{};
      const Vec target = sparse ? one_hot : load_up_to(t + j, count);
      store_up_to(dx + j, (exp(load_up_to(x + j, count) - largest) * scale - target) * dloss[row], count);
    });
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
