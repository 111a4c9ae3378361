// 0 * x is 0 for finite x and NaN for the others, and NaN stays in a sum: one fused multiply-add an element.  The
// blocks of all inputs are one list of tasks; a block that finds something clears the flag, all write the same value.
#include "cpu/all_finite/all_finite.h"
#include "cpu/simd/elementwise.h"
#include "cpu/simd/vector.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

constexpr int sums = 4;  // independent ones hide the latency of the additions

bool finite(const float* x, int64_t count) {
  Vec sum[sums] = {};
  int64_t i = 0;
  for (; i + sums * vector_floats <= count; i += sums * vector_floats)
    for (int j = 0; j < sums; ++j) sum[j] = load(x + i + j * vector_floats) * 0.0f + sum[j];
  float total = 0.0f;
  for (; i < count; ++i) total += x[i] * 0.0f;
  const Vec all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  for (int lane = 0; lane < vector_floats; ++lane) total += all[lane];
  return total == 0.0f;
}

int64_t blocks_of(const Tensor& tensor) {
  return (count_of(tensor.desc) + elementwise_block - 1) / elementwise_block;
}

}  // namespace

void all_finite_blocks(const AllFinite&, const Call& call) {
  uint8_t* const flag = static_cast<uint8_t*>(call.outputs[0].data);
  *flag = 1;
  int64_t tasks = 0;
  for (int i = 0; i < call.input_count; ++i) tasks += blocks_of(call.inputs[i]);
  parallel(tasks, [&call, flag](int64_t task, int) {
    const Tensor* tensor = call.inputs;
    for (; task >= blocks_of(*tensor); ++tensor) task -= blocks_of(*tensor);
    const int64_t begin = task * elementwise_block, left = count_of(tensor->desc) - begin;
    const float* x = static_cast<const float*>(tensor->data) + begin;
    if (!finite(x, left < elementwise_block ? left : elementwise_block))
      __atomic_store_n(flag, 0, __ATOMIC_RELAXED);
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
