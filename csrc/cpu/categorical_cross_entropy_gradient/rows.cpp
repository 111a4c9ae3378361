// The row's sums first, then each vector of dp, which may be p's memory.
#include "cpu/categorical_cross_entropy_gradient/categorical_cross_entropy_gradient.h"
#include "cpu/simd/class_rows.h"

namespace fastconv {
namespace FASTCONV_SIMD {

namespace {
constexpr float low = 1e-7f, high = 1.0f - 1e-7f;
FASTCONV_INLINE VecInt within(Vec p) {
  return (p < low) | (p > high) ? VecInt{} : ~VecInt{};
}  // NaN counts as within
FASTCONV_INLINE Vec clipped(Vec p) { return max_keep_nan(min_keep_nan(p, high), low); }
}  // namespace

void categorical_cross_entropy_gradient_rows(const CategoricalCrossEntropyGradient& attributes,
                                             const Call& call) {
  const float* const probabilities = static_cast<const float*>(call.inputs[0].data);
  const float* const dloss = static_cast<const float*>(call.inputs[2].data);
  float* const dprobabilities = static_cast<float*>(call.outputs[0].data);
  const Tensor targets = call.inputs[1];
  const bool sparse = attributes.sparse;
  const TensorDesc& desc = call.inputs[0].desc;
  const int64_t classes = desc.dims[desc.rank - 1];
  if (classes == 0) return;
  class_rows(count_of(call.inputs[2].desc), classes, [=](int64_t row) {
    const float* p = probabilities + row * classes;
    float* dp = dprobabilities + row * classes;
    if (sparse) {
      const int64_t label = label_of(targets, row, classes);
      const float sum =
          row_sum(classes, [=](int64_t j, int64_t count) { return clipped(load_up_to(p + j, count)); });
      const float share = label < 0 ? __builtin_nanf("") : 1.0f / sum;
      const VecInt lanes = lane_numbers(), nothing_valid = VecInt{} - (label < 0);
      each_vector(classes, [=](int64_t j, int64_t count) {
        const Vec x = load_up_to(p + j, count);
        const Vec own = lanes == static_cast<int32_t>(label - j) ? 1.0f / x : Vec{};
        const Vec slope = (share - own) * dloss[row];
        store_up_to(dp + j, within(x) | nothing_valid ? slope : Vec{}, count);
      });
      return;
    }
    const float* t = static_cast<const float*>(targets.data) + row * classes;
    const float sum = row_sum(classes, [=](int64_t j, int64_t count) { return load_up_to(p + j, count); });
    const float weight = row_sum(classes, [=](int64_t j, int64_t count) {
      return within(load_up_to(p + j, count) / sum) ? load_up_to(t + j, count) : Vec{};
    });
    const float scale = dloss[row] / sum;
    each_vector(classes, [=](int64_t j, int64_t count) {
      const Vec q = load_up_to(p + j, count) / sum;
      const Vec own = within(q) ? load_up_to(t + j, count) / q : Vec{};
      store_up_to(dp + j, (weight - own) * scale, count);
    });
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
