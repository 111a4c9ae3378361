// 2x2 pooling behind a convolution, and what the gradients of conv2d_pooled read instead of dy: the pooled gradient and, a byte beside each, which pixel of
// its 2x2 window takes it.  Pixel (h, w) is dy[h / 2, w / 2] where argmax == 2 * (h % 2) + w % 2, else 0; a quarter
// of the bytes of dy move, and dy itself never exists.
#pragma once
#include "cpu/conv2d/bias_gradient.h"
#include "cpu/conv2d/winograd_transforms.h"
#include "cpu/simd/bytes.h"

namespace fastconv {
namespace FASTCONV_SIMD {

// The largest of one window's four values, ReLU behind it; the first of equal ones, and a NaN before all.
FASTCONV_INLINE void pool_window(const Vec (&values)[4], Vec* largest, VecInt* code) {
  Vec best = values[0];
  VecInt winner{};
  for (int32_t i = 1; i < 4; ++i) {
    const VecInt take = (best == best) & ~(values[i] <= best);
    best = take ? values[i] : best;
    winner = take ? VecInt{} + i : winner;
  }
  *code = best <= Vec{} ? VecInt{} + pooled_no_gradient : winner;
  *largest = max_keep_nan(best, Vec{});
}

// As TiledImage; h and w are those of the image before pooling, rows and columns without a window read as 0.
struct PooledTiledImage {
  const float* dy;
  const uint8_t* argmax;
  int64_t h, w, channels, tiles_h, tiles_w, pad_top, pad_left;
};

struct PooledPixel {
  int64_t at;    // of the window's first channel, in dy and argmax
  int32_t code;  // the value of argmax that gives this pixel the gradient; -1: never
};

template <int size>
FASTCONV_INLINE void pooled_tile_pixels(const PooledTiledImage& image, int64_t tile, PooledPixel* pixels) {
  const int64_t n = tile / (image.tiles_h * image.tiles_w), rows = image.h / 2, columns = image.w / 2;
  const int64_t top = tile / image.tiles_w % image.tiles_h * 4 - image.pad_top;
  const int64_t left = tile % image.tiles_w * 4 - image.pad_left;
  for (int i = 0; i < size; ++i)
    for (int j = 0; j < size; ++j) {
      const int64_t h = top + i, w = left + j;
      const bool inside = h >= 0 && h < 2 * rows && w >= 0 && w < 2 * columns;
      pixels[i * size + j] = inside ? PooledPixel{((n * rows + h / 2) * columns + w / 2) * image.channels,
                                                  static_cast<int32_t>(h % 2 * 2 + w % 2)}
                                    : PooledPixel{0, -1};
    }
}

FASTCONV_INLINE Vec pooled_pixel(const PooledTiledImage& image, const PooledPixel& pixel, int64_t c) {
  const int64_t left = image.channels - c;
  const VecInt code = load_bytes_up_to(image.argmax + pixel.at + c, left);
  return keep_where(code == pixel.code, load_up_to(image.dy + pixel.at + c, left));
}

// As fetch_pixels, for the windows.
template <int size>
FASTCONV_INLINE void fetch_windows(const PooledTiledImage& image, const PooledPixel* pixels, int64_t ahead) {
  for (int i = 0; i < size; i += 2)
    for (int j = 0; j < 4; j += 2) {
      const int64_t at = pixels[i * size + j].at + ahead;
      __builtin_prefetch(image.dy + at, 0, 2);
      __builtin_prefetch(image.argmax + at, 0, 2);
    }
}

// transform_tiles over a pooled image.
template <class Transform>
void transform_tiles(const PooledTiledImage& image, int64_t first, int64_t count, float* out, int64_t slab,
                     int64_t panel_stride) {
  constexpr int size = Transform::from, batch = 8;
  PooledPixel pixels[batch][size * size];
  for (int64_t begin = 0; begin < count; begin += batch, out += batch * panel) {
    const int now = static_cast<int>(smaller<int64_t>(batch, count - begin));
    for (int b = 0; b < now; ++b) pooled_tile_pixels<size>(image, first + begin + b, pixels[b]);
    for (int64_t c = 0; c < image.channels; c += panel)
      for (int b = 0; b < now; ++b)
        for (int v = 0; v < panel && c + v < image.channels; v += vector_floats) {
          const PooledPixel* const from = pixels[b];
          float* const to = out + c / panel * panel_stride + b * panel + v;
          if (v == 0) fetch_windows<size>(image, from, batch * 2 * image.channels + c);
          transform_2d<Transform>(
              [&](int i, int j) { return pooled_pixel(image, from[i * size + j], c + v); },
              [&](int i, int j, Vec value) { store(to + (i * 6 + j) * slab, value); });
        }
  }
}

// dbias[k] = sum of dy where a gradient passes: blocks of 1024 windows, each in order, then the blocks in order.
[[maybe_unused]] static void pooled_bias_gradient(const PooledTiledImage& image, int64_t windows,
                                                  float* partial, float* dbias) {
  const int64_t blocks = ceil_div(windows, bias_block_pixels), k = image.channels;
  parallel(blocks, [&](int64_t block, int) {
    const int64_t first = block * bias_block_pixels, end = smaller(first + bias_block_pixels, windows);
    for (int64_t c = 0; c < k; c += vector_floats) {
      Vec sum{};
      for (int64_t i = first; i < end; ++i) {
        const VecInt code = load_bytes_up_to(image.argmax + i * k + c, k - c);
        sum += keep_where(code != pooled_no_gradient, load_up_to(image.dy + i * k + c, k - c));
      }
      store_up_to(partial + block * k + c, sum, k - c);
    }
  });
  sum_rows(partial, blocks, k, dbias);
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
