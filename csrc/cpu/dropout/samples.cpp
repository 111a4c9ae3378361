// y = kept ? x * scale : 0; the words of neighbouring counters are drawn side by side (cpu/simd/philox.h).
// A task is a block of one sample, or several small samples.
#include "cpu/dropout/dropout.h"
#include "cpu/simd/elementwise.h"
#include "cpu/simd/philox.h"
#include "cpu/simd/vector.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

constexpr int64_t chunk = 4 * vector_counters;  // elements of one draw: two vectors

FASTCONV_INLINE Vec kept(Vec x, VecInt words, const DropoutStream& stream) {
  const VecInt draws = (words >> 8) & 0xffffff;
  return draws >= static_cast<int32_t>(stream.threshold) ? x * stream.scale : Vec{};
}

// Elements begin .. end-1 of sample n; begin is a multiple of four.
void dropout_elements(const float* x, float* y, int64_t n, int64_t begin, int64_t end,
                      const DropoutStream stream) {
  const auto draw = [&](int64_t element) {
    return philox(static_cast<uint32_t>(n), static_cast<uint64_t>(element) / 4, stream.step, stream.key_low,
                  stream.key_high);
  };
  int64_t i = begin;
  for (; i + chunk <= end; i += chunk) {
    const PhiloxWords words = draw(i);
    store(y + i, kept(load(x + i), words.first, stream));
    store(y + i + vector_floats, kept(load(x + i + vector_floats), words.second, stream));
  }
  if (i == end) return;
  float padded[chunk] = {};
  const size_t bytes = static_cast<size_t>(end - i) * sizeof(float);
  __builtin_memcpy(padded, x + i, bytes);
  const PhiloxWords words = draw(i);
  store(padded, kept(load(padded), words.first, stream));
  store(padded + vector_floats, kept(load(padded + vector_floats), words.second, stream));
  __builtin_memcpy(y + i, padded, bytes);
}

}  // namespace

void dropout_samples(const Dropout& attributes, const Call& call) {
  const float* const x = static_cast<const float*>(call.inputs[0].data);
  float* const y = static_cast<float*>(call.outputs[0].data);
  const int64_t count = count_of(call.inputs[0].desc), samples = call.inputs[0].desc.dims[0];
  if (count == 0) return;
  const int64_t size = count / samples;
  const DropoutStream stream = dropout_stream(attributes, static_cast<const int64_t*>(call.inputs[1].data));
  const int64_t blocks = (size + elementwise_block - 1) / elementwise_block;
  const int64_t samples_a_task = size < elementwise_block ? elementwise_block / size : 1;
  const int64_t groups = (samples + samples_a_task - 1) / samples_a_task;
  parallel(groups * blocks, [=](int64_t task, int) {
    const int64_t first = task / blocks * samples_a_task, begin = task % blocks * elementwise_block;
    const int64_t end = begin + elementwise_block < size ? begin + elementwise_block : size;
    const int64_t past = first + samples_a_task < samples ? first + samples_a_task : samples;
    for (int64_t n = first; n < past; ++n)
      dropout_elements(x + n * size, y + n * size, n, begin, end, stream);
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
