// y[i] = max(x[i], 0), NaN passed on.  Any shape, read as one row of floats; blocks of 64 KiB are the tasks.
#include "core/parallel.h"
#include "cpu/relu/relu.h"
#include "cpu/simd/elementwise.h"
#include "cpu/simd/vector.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void relu_blocks(const Relu&, const Call& call) {
  const float* x = static_cast<const float*>(call.inputs[0].data);
  float* y = static_cast<float*>(call.outputs[0].data);
  elementwise(count_of(call.outputs[0].desc), [=](int64_t i, int64_t end) {
    for (; i + vector_floats <= end; i += vector_floats) store(y + i, max_keep_nan(load(x + i), Vec{}));
    for (; i < end; ++i) y[i] = 0.0f > x[i] ? 0.0f : x[i];
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
