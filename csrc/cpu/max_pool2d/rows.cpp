// Any window, stride and padding.  A task is one row p of the output; for each pixel, vectors over the
// channels walk the window's pixels in order (r, then s), so that the first of equal maxima stays.
#include "core/parallel.h"
#include "cpu/max_pool2d/max_pool2d.h"
#include "cpu/simd/bytes.h"
#include "cpu/simd/partial.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

struct Range {
  int64_t begin, end;
};

// The taps of a window of `window` from `first` on that lie inside [0, size).
FASTCONV_INLINE Range inside(int64_t first, int64_t window, int64_t size) {
  return {first < 0 ? -first : 0, first + window > size ? size - first : window};
}

// x: the image's pixel under tap (0, 0), which may lie outside; the taps of r and s lie inside.
template <bool whole>
FASTCONV_INLINE void pool_window(const MaxPool2d& a, const float* x, Range r, Range s, int64_t row,
                                 int64_t channels, float* y, uint8_t* argmax) {
  for (int64_t c = 0; c < channels; c += vector_floats) {
    const int64_t left = channels - c;
    Vec best = load_some<whole>(x + r.begin * row + s.begin * channels + c, left);
    VecInt index = VecInt{} + static_cast<int32_t>(r.begin * a.window_w + s.begin);
    for (int64_t i = r.begin; i < r.end; ++i)
      for (int64_t j = s.begin; j < s.end; ++j) {
        const Vec value = load_some<whole>(x + i * row + j * channels + c, left);
        // Larger, or a NaN while there is none yet: !(value <= best) holds for both.
        const VecInt wins = ~(value <= best) & (best == best);
        best = wins ? value : best;
        index = wins ? VecInt{} + static_cast<int32_t>(i * a.window_w + j) : index;
      }
    store_some<whole>(y + c, best, left);
    store_bytes_some<whole>(argmax + c, index, left);
  }
}

template <bool whole>
void pool_all(const MaxPool2d& a, const Call& call) {
  const int64_t *in = call.inputs[0].desc.dims, *out = call.outputs[0].desc.dims;
  const int64_t h = in[1], w = in[2], channels = in[3], p = out[1], q = out[2];
  const float* const x = static_cast<const float*>(call.inputs[0].data);
  float* const y = static_cast<float*>(call.outputs[0].data);
  uint8_t* const argmax = static_cast<uint8_t*>(call.outputs[1].data);
  parallel(out[0] * p, [&](int64_t task, int) {
    const int64_t top = task % p * a.stride_h - a.pad_top;
    const Range r = inside(top, a.window_h, h);
    const float* const image = x + task / p * h * w * channels;
    for (int64_t j = 0; j < q; ++j) {
      const int64_t left = j * a.stride_w - a.pad_left, at = (task * q + j) * channels;
      pool_window<whole>(a, image + (top * w + left) * channels, r, inside(left, a.window_w, w), w * channels,
                         channels, y + at, argmax + at);
    }
  });
}

}  // namespace

void max_pool2d_rows(const MaxPool2d& a, const Call& call) {
  call.outputs[0].desc.dims[3] % vector_floats ? pool_all<false>(a, call) : pool_all<true>(a, call);
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
