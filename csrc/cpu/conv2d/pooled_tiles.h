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

// Windows that a tile of `from` pixels meets in one direction.  odd: its first pixel is the second of a window.
template <int from, bool odd>
constexpr int windows_across = (from + odd + 1) / 2;

// For each window of a tile the index of its first channel in dy and argmax; -1 outside the image.
template <int down, int across>
FASTCONV_INLINE void tile_windows(const PooledTiledImage& image, int64_t tile,
                                  int64_t (&windows)[down][across]) {
  const int64_t n = tile / (image.tiles_h * image.tiles_w), rows = image.h / 2, columns = image.w / 2;
  const int64_t first_row = (tile / image.tiles_w % image.tiles_h * 4 - image.pad_top) >> 1;
  const int64_t first_column = (tile % image.tiles_w * 4 - image.pad_left) >> 1;
  for (int i = 0; i < down; ++i)
    for (int j = 0; j < across; ++j) {
      const int64_t row = first_row + i, column = first_column + j;
      const bool inside = row >= 0 && row < rows && column >= 0 && column < columns;
      windows[i][j] = inside ? ((n * rows + row) * columns + column) * image.channels : -1;
    }
}

// transform_2d of a tile of pixels, of which each window gives its dy to one of four.
template <class Transform, bool odd_h, bool odd_w, int down, int across, class Put>
FASTCONV_INLINE void transform_windows(const PooledTiledImage& image, const int64_t (&windows)[down][across],
                                       int64_t c, const Put& put) {
  constexpr int from = Transform::from, to = Transform::to;
  const int64_t left = image.channels - c;
  Vec half[1][to][from];
  FASTCONV_UNROLL(1)
  for (int w = 0; w < across; ++w) {
    Vec columns[2][from];
    for (int h = 0; h < down; ++h) {
      const int64_t at = windows[h][w] + c;
      const bool inside = windows[h][w] >= 0;
      const Vec dy = inside ? load_up_to(image.dy + at, left) : Vec{};
      const VecInt code = inside ? load_bytes_up_to(image.argmax + at, left) : VecInt{};
      for (int32_t pixel = 0; pixel < 4; ++pixel) {
        const int i = 2 * h + pixel / 2 - odd_h;
        if (i >= 0 && i < from) columns[pixel % 2][i] = keep_where(code == pixel, dy);
      }
    }
    for (int side = 0; side < 2; ++side) {
      const int j = 2 * w + side - odd_w;
      if (j < 0 || j >= from) continue;
      Vec result[to];
      Transform::apply(columns[side], result);
      for (int i = 0; i < to; ++i) half[0][i][j] = result[i];
    }
  }
  transform_rows<Transform, 1>(half, [&](int i, int j, int, Vec value) { put(i, j, value); });
}

template <class Transform, bool odd_h, bool odd_w>
void transform_pooled_tiles(const PooledTiledImage& image, int64_t first, int64_t count, float* out,
                            int64_t slab, int64_t panel_stride) {
  constexpr int batch = 8, down = windows_across<Transform::from, odd_h>,
                across = windows_across<Transform::from, odd_w>;
  int64_t windows[batch][down][across];
  for (int64_t begin = 0; begin < count; begin += batch, out += batch * panel) {
    const int now = static_cast<int>(smaller<int64_t>(batch, count - begin));
    for (int b = 0; b < now; ++b) tile_windows(image, first + begin + b, windows[b]);
    for (int64_t c = 0; c < image.channels; c += panel)
      for (int b = 0; b < now; ++b) {
        for (int i = 0; i < down; ++i)
          for (int j = 0; j < 2; ++j) {  // as fetch_pixels
            const int64_t at = windows[b][i][j] + batch * 2 * image.channels + c;
            __builtin_prefetch(image.dy + at, 0, 2);
            __builtin_prefetch(image.argmax + at, 0, 2);
          }
        for (int v = 0; v < panel && c + v < image.channels; v += vector_floats) {
          float* const to = out + c / panel * panel_stride + b * panel + v;
          transform_windows<Transform, odd_h, odd_w>(image, windows[b], c + v, [&](int i, int j, Vec value) {
            store(to + (i * 6 + j) * slab, value);
          });
        }
      }
  }
}

// transform_tiles over a pooled image.
template <class Transform>
void transform_tiles(const PooledTiledImage& image, int64_t first, int64_t count, float* out, int64_t slab,
                     int64_t panel_stride) {
  const bool odd_h = image.pad_top % 2, odd_w = image.pad_left % 2;
  const auto transform = odd_h ? (odd_w ? transform_pooled_tiles<Transform, true, true>
                                        : transform_pooled_tiles<Transform, true, false>)
                               : (odd_w ? transform_pooled_tiles<Transform, false, true>
                                        : transform_pooled_tiles<Transform, false, false>);
  transform(image, first, count, out, slab, panel_stride);
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
