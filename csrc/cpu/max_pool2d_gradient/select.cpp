// Windows that do not overlap: every pixel of dx belongs to at most one window and is written once,
//   dx = argmax of its window names it ? dy : 0       and, with relu, only where y > 0 (or y is NaN).
// A task is one row p of windows with all rows of dx from its own to the next window's; what no window covers
// is 0. A row of dx is written from left to right, whole vectors past the caches when dx is large.
#include "core/parallel.h"
#include "cpu/max_pool2d_gradient/max_pool2d_gradient.h"
#include "cpu/simd/bytes.h"
#include "cpu/simd/elementwise.h"
#include "cpu/simd/partial.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

struct Windows {
  const float *dy, *y;  // y is null without relu
  const uint8_t* argmax;
};

// One row of dx; tap: the index in the window of the row's first pixel, or below 0 where no window reaches.
template <bool relu, bool streamed, bool whole>
void select_row(const MaxPool2dGradient& a, int64_t q, int64_t channels, Windows row, int64_t tap,
                float* dx) {
  for (int64_t j = 0; j < q; ++j) {
    const int64_t first = j * a.stride_w - a.pad_left;
    const int64_t end = j + 1 < q ? first + a.stride_w : a.input_w;
    for (int64_t column = first < 0 ? 0 : first; column < end && column < a.input_w; ++column) {
      const int64_t s = column - first;
      const int32_t wanted = tap >= 0 && s < a.window_w ? static_cast<int32_t>(tap + s) : 256;
      float* const target = dx + column * channels;
      for (int64_t c = 0; c < channels; c += vector_floats) {
        const int64_t left = channels - c;
        VecInt taken = load_bytes_some<whole>(row.argmax + c, left) == wanted;
        if (relu) taken &= ~(load_some<whole>(row.y + c, left) <= 0.0f);
        const Vec value = keep_where(taken, load_some<whole>(row.dy + c, left));
        if (streamed)
          stream(target + c, value);
        else
          store_some<whole>(target + c, value, left);
      }
    }
    row.dy += channels, row.argmax += channels;
    if (relu) row.y += channels;
  }
}

template <bool relu, bool streamed, bool whole>
void select_all(const MaxPool2dGradient& a, const Call& call) {
  const int64_t* const out = call.inputs[0].desc.dims;
  const int64_t p = out[1], q = out[2], channels = out[3];
  const float* const dy = static_cast<const float*>(call.inputs[0].data);
  const uint8_t* const argmax = static_cast<const uint8_t*>(call.inputs[1].data);
  const float* const y = relu ? static_cast<const float*>(call.inputs[2].data) : nullptr;
  float* const dx = static_cast<float*>(call.outputs[0].data);
  parallel(out[0] * p, [&](int64_t task, int) {
    const int64_t at = task * q * channels, i = task % p;
    const Windows row{dy + at, relu ? y + at : nullptr, argmax + at};
    const int64_t first = i * a.stride_h - a.pad_top;
    const int64_t end = i + 1 < p ? first + a.stride_h : a.input_h;
    float* const image = dx + task / p * a.input_h * a.input_w * channels;
    for (int64_t line = first < 0 ? 0 : first; line < end && line < a.input_h; ++line) {
      const int64_t r = line - first;
      select_row<relu, streamed, whole>(a, q, channels, row, r < a.window_h ? r * a.window_w : -1,
                                        image + line * a.input_w * channels);
    }
    if (streamed) stream_fence();
  });
}

}  // namespace

void max_pool2d_gradient_select(const MaxPool2dGradient& a, const Call& call) {
  const TensorDesc& dx = call.outputs[0].desc;
  const bool whole = dx.dims[3] % vector_floats == 0, large = count_of(dx) * 4 >= pool_stream_bytes;
  if (a.relu)
    !whole  ? select_all<true, false, false>(a, call)
    : large ? select_all<true, true, true>(a, call)
            : select_all<true, false, true>(a, call);
  else
    !whole  ? select_all<false, false, false>(a, call)
    : large ? select_all<false, true, true>(a, call)
            : select_all<false, false, true>(a, call);
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
