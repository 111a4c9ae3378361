// The transforms of F(4x4, 3x3) (Winograd 1980; Lavin and Gray 2016) over the points 0, +-1/sqrt 2, +-sqrt 2
// and infinity: their errors are half of those of 0, +-1, +-2.  One bilinear algorithm serves three passes:
//
//   y  = A^T [ (G g G^T) . (B^T d B) ] A              d: 6x6 inputs, g: 3x3 taps, y: 4x4 outputs
//   dg = G^T [ sum over tiles (A dy A^T) . (B^T d B) ] G
//
// The points come in pairs, so even and odd parts are shared: e + o and e - o.
#pragma once
#include "cpu/conv2d/winograd_f4x3.h"
#include "cpu/simd/gemm.h"
#include "cpu/simd/partial.h"
#include "cpu/simd/transpose.h"

namespace fastconv {
namespace FASTCONV_SIMD {

constexpr float root2 = 1.41421356237309504880f, half_root2 = 0.70710678118654752440f;

struct InputTransform {  // B^T: 6 -> 6
  static constexpr int from = 6, to = 6;
  static FASTCONV_INLINE void apply(const Vec* d, Vec* v) {
    const Vec e1 = d[4] - 2.0f * d[2], o1 = d[3] - 2.0f * d[1];
    const Vec e2 = d[4] - 0.5f * d[2], o2 = d[3] - 0.5f * d[1];
    v[0] = d[0] - 2.5f * d[2] + d[4];
    v[1] = e1 + half_root2 * o1;
    v[2] = e1 - half_root2 * o1;
    v[3] = e2 + root2 * o2;
    v[4] = e2 - root2 * o2;
    v[5] = d[1] - 2.5f * d[3] + d[5];
  }
};

struct OutputTransform {  // A^T: 6 -> 4
  static constexpr int from = 6, to = 4;
  static FASTCONV_INLINE void apply(const Vec* m, Vec* y) {
    const Vec e1 = m[1] + m[2], o1 = m[1] - m[2], e2 = m[3] + m[4], o2 = m[3] - m[4];
    y[0] = m[0] + (e1 + e2);
    y[1] = half_root2 * o1 + root2 * o2;
    y[2] = 0.5f * e1 + 2.0f * e2;
    y[3] = 0.5f * half_root2 * o1 + 2.0f * root2 * o2 + m[5];
  }
};

struct GradientTransform {  // A: 4 -> 6
  static constexpr int from = 4, to = 6;
  static FASTCONV_INLINE void apply(const Vec* y, Vec* m) {
    const Vec e1 = y[0] + 0.5f * y[2], o1 = half_root2 * y[1] + 0.5f * half_root2 * y[3];
    const Vec e2 = y[0] + 2.0f * y[2], o2 = root2 * y[1] + 2.0f * root2 * y[3];
    m[0] = y[0];
    m[1] = e1 + o1;
    m[2] = e1 - o1;
    m[3] = e2 + o2;
    m[4] = e2 - o2;
    m[5] = y[3];
  }
};

struct FilterTransform {  // G: 3 -> 6
  static constexpr int from = 3, to = 6;
  static FASTCONV_INLINE void apply(const Vec* g, Vec* u) {
    constexpr float n1 = -2.0f / 3.0f, n2 = 1.0f / 6.0f;
    const Vec e1 = n1 * (g[0] + 0.5f * g[2]), o1 = (n1 * half_root2) * g[1];
    const Vec e2 = n2 * (g[0] + 2.0f * g[2]), o2 = (n2 * root2) * g[1];
    u[0] = g[0];
    u[1] = e1 + o1;
    u[2] = e1 - o1;
    u[3] = e2 + o2;
    u[4] = e2 - o2;
    u[5] = g[2];
  }
};

struct FilterGradientTransform {  // G^T: 6 -> 3
  static constexpr int from = 6, to = 3;
  static FASTCONV_INLINE void apply(const Vec* u, Vec* g) {
    constexpr float n1 = -2.0f / 3.0f, n2 = 1.0f / 6.0f;
    const Vec e1 = n1 * (u[1] + u[2]), o1 = n1 * (u[1] - u[2]);
    const Vec e2 = n2 * (u[3] + u[4]), o2 = n2 * (u[3] - u[4]);
    g[0] = u[0] + (e1 + e2);
    g[1] = half_root2 * o1 + root2 * o2;
    g[2] = 0.5f * e1 + 2.0f * e2 + u[5];
  }
};

// The second dimension of `vectors` neighbours, whose first is done: put(i, j, v, value) takes to x to of each.
// The neighbours of a place are put one after the other: stores past the caches want whole lines.
template <class Transform, int vectors, class Put>
FASTCONV_INLINE void transform_rows(const Vec (&half)[vectors][Transform::to][Transform::from],
                                    const Put& put) {
  constexpr int to = Transform::to;
  FASTCONV_UNROLL(1)
  for (int i = 0; i < to; ++i) {
    Vec result[vectors][to];
    for (int v = 0; v < vectors; ++v) Transform::apply(half[v][i], result[v]);
    for (int j = 0; j < to; ++j)
      for (int v = 0; v < vectors; ++v) put(i, j, v, result[v][j]);
  }
}

// Both dimensions of `vectors` neighbours: get(i, j, v) gives from x from of each.
template <class Transform, int vectors, class Get, class Put>
FASTCONV_INLINE void transform_lines(const Get& get, const Put& put) {
  constexpr int from = Transform::from, to = Transform::to;
  Vec half[vectors][to][from];
  FASTCONV_UNROLL(1)
  for (int v = 0; v < vectors; ++v) {
    FASTCONV_UNROLL(1)
    for (int j = 0; j < from; ++j) {
      Vec column[from], result[to];
      for (int i = 0; i < from; ++i) column[i] = get(i, j, v);
      Transform::apply(column, result);
      for (int i = 0; i < to; ++i) half[v][i][j] = result[i];
    }
  }
  transform_rows<Transform, vectors>(half, put);
}

// Both dimensions: get(i, j) gives from x from vectors, put(i, j, v) takes to x to.
template <class Transform, class Get, class Put>
FASTCONV_INLINE void transform_2d(const Get& get, const Put& put) {
  transform_lines<Transform, 1>([&](int i, int j, int) { return get(i, j); },
                                [&](int i, int j, int, Vec value) { put(i, j, value); });
}

// The image that tiles are cut from: `size` x `size` pixels from (4*row - pad_top, 4*col - pad_left) on.
struct TiledImage {
  const float* data;
  int64_t h, w, channels, tiles_h, tiles_w, pad_top, pad_left;
  const float* zeros;  // as many as channels: pixels outside
};

template <int size>
FASTCONV_INLINE void tile_pixels(const TiledImage& image, int64_t tile, const float** pixels) {
  const int64_t n = tile / (image.tiles_h * image.tiles_w);
  const int64_t top = tile / image.tiles_w % image.tiles_h * 4 - image.pad_top;
  const int64_t left = tile % image.tiles_w * 4 - image.pad_left;
  for (int i = 0; i < size; ++i)
    for (int j = 0; j < size; ++j) {
      const int64_t h = top + i, w = left + j;
      const bool inside = h >= 0 && h < image.h && w >= 0 && w < image.w;
      pixels[i * size + j] =
          inside ? image.data + ((n * image.h + h) * image.w + w) * image.channels : image.zeros;
    }
}

// The line of pixels `ahead` floats further on: those of the tile that comes a batch later, where the row goes on.
template <int size>
FASTCONV_INLINE void fetch_pixels(const float* const* pixels, int64_t ahead) {
  for (int i = 0; i < size; ++i)
    for (int j = 0; j < 4; ++j) __builtin_prefetch(pixels[i * size + j] + ahead, 0, 2);
}

// Tiles first .. first+count-1 into out[t][panel][tile][16]; lanes past the channels become 0.
template <class Transform>
void transform_tiles(const TiledImage& image, int64_t first, int64_t count, float* out, int64_t slab,
                     int64_t panel_stride) {
  constexpr int size = Transform::from, batch = 8;  // eight tiles write eight lines in a row
  const float* pixels[batch][size * size];
  for (int64_t begin = 0; begin < count; begin += batch, out += batch * panel) {
    const int now = static_cast<int>(smaller<int64_t>(batch, count - begin));
    for (int b = 0; b < now; ++b) tile_pixels<size>(image, first + begin + b, pixels[b]);
    for (int64_t c = 0; c < image.channels; c += panel)
      for (int b = 0; b < now; ++b)
        for (int v = 0; v < panel; v += vector_floats) {
          const float* const* const from = pixels[b];
          float* const to = out + c / panel * panel_stride + b * panel + v;
          if (v == 0) fetch_pixels<size>(from, batch * 4 * image.channels + c);
          const int64_t at = c + v, left = image.channels - at;
          const auto put = [&](int i, int j, Vec value) { store(to + (i * 6 + j) * slab, value); };
          if (left >= vector_floats)
            transform_2d<Transform>([&](int i, int j) { return load(from[i * size + j] + at); }, put);
          else
            transform_2d<Transform>([&](int i, int j) { return load_up_to(from[i * size + j] + at, left); },
                                    put);
        }
  }
}

// One row of U (16 output channels of one input channel): tap(i, v) gives tap i's vector at lane v.
template <class Tap>
FASTCONV_INLINE void transform_filter_row(const Tap& tap, float* u, int64_t slab) {
  constexpr int64_t ahead = 4 * panel;  // 36 streams of stores: more than the hardware foresees
  if (vector_floats < panel)
    for (int t = 0; t < winograd_points; ++t) __builtin_prefetch(u + t * slab + ahead, 1, 3);
  for (int v = 0; v < panel; v += vector_floats)
    transform_2d<FilterTransform>([&](int i, int j) { return tap(i * 3 + j, v); },
                                  [&](int i, int j, Vec value) { store(u + (i * 6 + j) * slab + v, value); });
}

// Input channels c .. c_end-1 of output panel k_panel into u[t][channel][16].
inline void transform_filter(const WinogradPass& z, const float* filter, int64_t k_panel, int64_t c,
                             int64_t c_end, float* u, int64_t slab) {
  const int64_t k = k_panel * panel, k_left = z.out_channels - k;
  if (!z.flipped) {
    for (; c < c_end; ++c) {
      const float* const taps = filter + c * z.out_channels + k;
      const int64_t tap_stride = z.in_channels * z.out_channels;
      // A row of one tap is a line in a row of k: the hardware does not foresee the next.
      for (int tap = 0; tap < 9; ++tap)
        __builtin_prefetch(taps + tap * tap_stride + 8 * z.out_channels, 0, 3);
      transform_filter_row(
          [&](int tap, int v) { return load_up_to(taps + tap * tap_stride + v, k_left - v); }, u + c * panel,
          slab);
    }
    return;
  }
  // [r][s][out][in]: 16 x 16 blocks are turned, so that whole lines are read at once
  alignas(64) float taps[9][panel * panel];
  for (; c < c_end; c += panel) {
    const int64_t rows = smaller<int64_t>(panel, c_end - c);
    for (int tap = 0; tap < 9; ++tap)
      transpose_16x16(filter + (tap * z.out_channels + k) * z.in_channels + c, z.in_channels,
                      smaller<int64_t>(panel, k_left), rows, taps[8 - tap], panel);
    for (int64_t i = 0; i < rows; ++i)
      transform_filter_row([&](int tap, int v) { return load(taps[tap] + i * panel + v); },
                           u + (c + i) * panel, slab);
  }
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
