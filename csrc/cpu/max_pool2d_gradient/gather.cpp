// Any window, stride and padding: a pixel of dx is the sum over the windows that cover it and name it, in the
// order of p, then q.  A task is one row of dx.  With relu, a window counts only where its y > 0 (or is NaN).
#include "core/parallel.h"
#include "cpu/max_pool2d_gradient/max_pool2d_gradient.h"
#include "cpu/simd/bytes.h"
#include "cpu/simd/partial.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

struct Range {
  int64_t begin, end;
};

// The windows [begin, end) of `count` that cover padded position `at`.
FASTCONV_INLINE Range covering(int64_t at, int64_t window, int64_t stride, int64_t count) {
  const int64_t begin = at < window ? 0 : (at - window) / stride + 1, end = at / stride + 1;
  return {begin, end < count ? end : count};
}

template <bool whole>
void gather_all(const MaxPool2dGradient& a, const Call& call) {
  const int64_t* const out = call.inputs[0].desc.dims;
  const int64_t p = out[1], q = out[2], channels = out[3];
  const float* const dy = static_cast<const float*>(call.inputs[0].data);
  const uint8_t* const argmax = static_cast<const uint8_t*>(call.inputs[1].data);
  const float* const y = a.relu ? static_cast<const float*>(call.inputs[2].data) : nullptr;
  float* const dx = static_cast<float*>(call.outputs[0].data);
  parallel(out[0] * a.input_h, [&](int64_t task, int) {
    const int64_t h = task % a.input_h + a.pad_top, first_row = task / a.input_h * p;
    const Range rows = covering(h, a.window_h, a.stride_h, p);
    for (int64_t column = 0; column < a.input_w; ++column) {
      const int64_t w = column + a.pad_left;
      const Range columns = covering(w, a.window_w, a.stride_w, q);
      for (int64_t c = 0; c < channels; c += vector_floats) {
        const int64_t left = channels - c;
        Vec sum{};
        for (int64_t i = rows.begin; i < rows.end; ++i)
          for (int64_t j = columns.begin; j < columns.end; ++j) {
            const int64_t at = ((first_row + i) * q + j) * channels + c;
            const int64_t tap = (h - i * a.stride_h) * a.window_w + w - j * a.stride_w;
            VecInt taken = load_bytes_some<whole>(argmax + at, left) == static_cast<int32_t>(tap);
            if (y) taken &= ~(load_some<whole>(y + at, left) <= 0.0f);
            sum += keep_where(taken, load_some<whole>(dy + at, left));
          }
        store_some<whole>(dx + (task * a.input_w + column) * channels + c, sum, left);
      }
    }
  });
}

}  // namespace

void max_pool2d_gradient_gather(const MaxPool2dGradient& a, const Call& call) {
  call.outputs[0].desc.dims[3] % vector_floats ? gather_all<false>(a, call) : gather_all<true>(a, call);
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
