// Windows of 2x2 at stride 2 without padding: y = max of
//     x0 x1      x0, x1 and x2, x3 are compared side by side, then the two winners; the left or upper
//     x2 x3      one stays when they are equal, and a NaN beats what is no NaN.
// A task is one row p of the output: two rows of x in, one of y and of argmax out.
#include "core/parallel.h"
#include "cpu/max_pool2d/max_pool2d.h"
#include "cpu/simd/bytes.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

FASTCONV_INLINE VecInt beats(Vec later, Vec earlier) { return ~(later <= earlier) & (earlier == earlier); }

}  // namespace

void max_pool2d_quads(const MaxPool2d&, const Call& call) {
  const int64_t *in = call.inputs[0].desc.dims, *out = call.outputs[0].desc.dims;
  const int64_t h = in[1], w = in[2], channels = in[3], p = out[1], q = out[2];
  const float* const x = static_cast<const float*>(call.inputs[0].data);
  float* const y = static_cast<float*>(call.outputs[0].data);
  uint8_t* const argmax = static_cast<uint8_t*>(call.outputs[1].data);
  parallel(out[0] * p, [&](int64_t task, int) {
    const float* upper = x + (task / p * h + task % p * 2) * w * channels;
    const float* lower = upper + w * channels;
    float* target = y + task * q * channels;
    uint8_t* index = argmax + task * q * channels;
    for (int64_t j = 0; j < q; ++j) {
      for (int64_t c = 0; c < channels; c += vector_floats) {
        const Vec x0 = load(upper + c), x1 = load(upper + channels + c);
        const Vec x2 = load(lower + c), x3 = load(lower + channels + c);
        const VecInt right1 = beats(x1, x0), right3 = beats(x3, x2);
        const Vec above = right1 ? x1 : x0, below = right3 ? x3 : x2;
        const VecInt down = beats(below, above);
        store(target + c, down ? below : above);
        store_bytes(index + c, down ? 2 - right3 : -right1);  // masks are -1
      }
      upper += 2 * channels, lower += 2 * channels, target += channels, index += channels;
    }
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
