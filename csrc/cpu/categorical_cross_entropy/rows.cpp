// Sums over a row's classes of p, then of the terms of the loss.
#include "cpu/categorical_cross_entropy/categorical_cross_entropy.h"
#include "cpu/simd/class_rows.h"

namespace fastconv {
namespace FASTCONV_SIMD {

namespace {
constexpr float low = 1e-7f, high = 1.0f - 1e-7f;
FASTCONV_INLINE Vec clipped(Vec p) { return max_keep_nan(min_keep_nan(p, high), low); }
}  // namespace

void categorical_cross_entropy_rows(const CategoricalCrossEntropy& attributes, const Call& call) {
  const float* const probabilities = static_cast<const float*>(call.inputs[0].data);
  float* const loss = static_cast<float*>(call.outputs[0].data);
  const Tensor targets = call.inputs[1];
  const bool sparse = attributes.sparse;
  const TensorDesc& desc = call.inputs[0].desc;
  const int64_t classes = desc.dims[desc.rank - 1];
  if (classes == 0) return;
  class_rows(count_of(call.outputs[0].desc), classes, [=](int64_t row) {
    const float* p = probabilities + row * classes;
    if (sparse) {
      const int64_t label = label_of(targets, row, classes);
      const float sum =
          row_sum(classes, [=](int64_t j, int64_t count) { return clipped(load_up_to(p + j, count)); });
      loss[row] = label < 0 ? __builtin_nanf("") : scalar_log(sum) - log(clipped(broadcast(p[label])))[0];
      return;
    }
    const float* t = static_cast<const float*>(targets.data) + row * classes;
    const float sum = row_sum(classes, [=](int64_t j, int64_t count) { return load_up_to(p + j, count); });
    loss[row] = -row_sum(classes, [=](int64_t j, int64_t count) {
      return load_up_to(t + j, count) * log(clipped(load_up_to(p + j, count) / sum));
    });
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
