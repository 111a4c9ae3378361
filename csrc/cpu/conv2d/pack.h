// Gathered pixels into panels: dst[(e - e0)/16][pixel][(e - e0)%16], e = (tap, channel) flattened.
#pragma once
#include "cpu/conv2d/gather.h"
#include "cpu/simd/gemm.h"
#include "cpu/simd/partial.h"

namespace fastconv {
namespace FASTCONV_SIMD {

FASTCONV_INLINE void copy_panel(float* dst, const float* src) {
  for (int v = 0; v < panel; v += vector_floats) store(dst + v, load(src + v));
}
FASTCONV_INLINE void copy_up_to(float* dst, const float* src, int64_t count) {
  for (int v = 0; v < panel; v += vector_floats)
    store_up_to(dst + v, load_up_to(src + v, count - v), count - v);
}

// `count` floats into one pixel's lanes from `lane` of chunk 0 on.
FASTCONV_INLINE void spread(float* dst, int64_t chunk_stride, int64_t lane, const float* src, int64_t count) {
  if (lane == 0) {
    for (; count >= panel; count -= panel, src += panel, dst += chunk_stride) copy_panel(dst, src);
    if (count > 0) copy_up_to(dst, src, count);
    return;
  }
  while (count > 0) {
    const int64_t run = smaller<int64_t>(panel - lane, count);
    for (int64_t i = 0; i < run; ++i) dst[lane + i] = src[i];
    src += run, count -= run, lane = 0, dst += chunk_stride;
  }
}

// Walks pixels of a grid (n, rows, cols) in order.
struct PixelWalk {
  int64_t n, i, j, rows, cols;
  FASTCONV_INLINE PixelWalk(int64_t pixel, int64_t grid_rows, int64_t grid_cols)
      : n(pixel / (grid_rows * grid_cols)),
        i(pixel / grid_cols % grid_rows),
        j(pixel % grid_cols),
        rows(grid_rows),
        cols(grid_cols) {}
  FASTCONV_INLINE void next() {
    if (++j < cols) return;
    j = 0;
    if (++i < rows) return;
    i = 0, ++n;
  }
};

// zeros: as many floats as a group has channels, for taps outside the image.  Lanes past e1 of the last chunk
// stay as they are: nobody's result depends on them.
inline void pack_pixels(const Gather& g, const float* x, const float* zeros, int64_t group, int64_t first,
                        int64_t pixels, int64_t e0, int64_t e1, float* dst, int64_t chunk_stride) {
  const int64_t channels = g.channels();
  for (int64_t e = e0; e < e1;) {
    const int64_t tap = e / channels, c = e % channels, count = smaller(channels - c, e1 - e);
    const int64_t offset_h = g.rows.offset(tap / g.cols.taps), offset_w = g.cols.offset(tap % g.cols.taps);
    const float* const base = x + group * channels + c;
    float* const chunk = dst + (e - e0) / panel * chunk_stride;
    const int64_t lane = (e - e0) % panel;
    PixelWalk at(first, g.rows.grid, g.cols.grid);
    for (int64_t p = 0; p < pixels; ++p, at.next()) {
      const int64_t h = at.i * g.rows.in_stride + offset_h, w = at.j * g.cols.in_stride + offset_w;
      const bool inside = h >= 0 && h < g.rows.in_size && w >= 0 && w < g.cols.in_size;
      const float* const src =
          inside ? base + ((at.n * g.rows.in_size + h) * g.cols.in_size + w) * g.in_channels : zeros;
      spread(chunk + p * panel, chunk_stride, lane, src, count);
    }
    e += count;
  }
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
