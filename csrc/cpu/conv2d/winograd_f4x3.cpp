// Forward and input gradient of 3x3, stride 1 by Winograd's F(4x4, 3x3): 36 products a 4x4 tile instead of
// 144.
//
//   few filters   U of the whole filter first; a task: 48 tiles (V in L2), for each 32 output channels 36
//   matrix
//                 products and the inverse transform.  No barrier between.
//   many filters  V of a superblock of tiles first (L3); a task: 32 output channels, transforms its own
//   filter
//                 (a whole U of 512 x 512 would be written to memory and read back), then 48 tiles at a time.
//
// Order of summation: input channels ascending in blocks of 128, blocks in order; nothing depends on how
// tiles are cut, so a picture has the same bits in any batch.  A NaN or infinity of x reaches every output
// whose window holds it, and others of the same 4x4 tile as NaN. x may be unaligned; y, workspace and scratch
// are 64-byte aligned.
#include "cpu/conv2d/winograd_f4x3.h"

#include "core/parallel.h"
#include "cpu/conv2d/pooled_tiles.h"
#include "cpu/conv2d/winograd_transforms.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

constexpr int64_t stream_floats = 1 << 21;  // outputs above 8 MiB go past the caches
constexpr int64_t filter_channels = 64;     // of one task of transforming the filter
constexpr int64_t input_tiles = 8;          // of one task of transforming the input

struct Pass {
  WinogradPass z;
  WinogradLayout layout;
  TiledImage image;
  PooledTiledImage pooled_image;  // read instead of `image` if its dy is there
  const float* filter;
  const float* bias;
  const float* residual;
  Activation activation;
  bool streamed;
  float* y;
  uint8_t* argmax;  // if there: y is pooled over 2x2 windows, of which each tile holds four
  float* workspace;
};

void transform_input(const Pass& p, int64_t first, int64_t count, float* v, int64_t slab,
                     int64_t panel_stride) {
  if (p.pooled_image.dy)
    transform_tiles<InputTransform>(p.pooled_image, first, count, v, slab, panel_stride);
  else
    transform_tiles<InputTransform>(p.image, first, count, v, slab, panel_stride);
}

constexpr int line_vectors = panel / vector_floats;

struct LineOfBias {
  Vec of[line_vectors];
  LineOfBias(const Pass& p, int64_t k, int64_t left) {
    for (int v = 0; v < line_vectors; ++v)
      of[v] = p.bias ? load_up_to(p.bias + k + v * vector_floats, left - v * vector_floats) : Vec{};
  }
};

// One tile's 4x4 outputs of one line of channels; those outside the image are dropped.
template <bool whole>
FASTCONV_INLINE void finish_tile(const Pass& p, const float* products, int64_t pixel, int64_t rows,
                                 int64_t cols, int64_t k, int64_t left) {
  const int64_t channels = p.z.out_channels, row_pixels = p.z.out_w;
  const LineOfBias bias(p, k, left);
  transform_lines<OutputTransform, line_vectors>(
      [&](int i, int j, int v) { return load(products + (i * 6 + j) * p.layout.m_slab + v * vector_floats); },
      [&](int i, int j, int v, Vec value) {
        if (!whole && (i >= rows || j >= cols)) return;
        const int64_t c = k + v * vector_floats, c_left = left - v * vector_floats;
        if (!whole && c_left <= 0) return;
        const int64_t at = (pixel + i * row_pixels + j) * channels + c;
        value += bias.of[v];
        if (p.residual) value += whole ? load(p.residual + at) : load_up_to(p.residual + at, c_left);
        if (p.activation == Activation::relu) value = max_keep_nan(value, Vec{});
        if (p.activation == Activation::sigmoid) value = sigmoid(value);
        if (!whole)
          store_up_to(p.y + at, value, c_left);
        else if (p.streamed)
          stream(p.y + at, value);
        else
          store(p.y + at, value);
      });
}

// One tile's four windows; `window` is the first, `rows` x `cols` windows of the image are left from there.
FASTCONV_INLINE void finish_pooled_tile(const Pass& p, const float* products, int64_t window, int64_t rows,
                                        int64_t cols, int64_t k, int64_t left) {
  const LineOfBias bias(p, k, left);
  Vec tile[4][4][line_vectors];
  transform_lines<OutputTransform, line_vectors>(
      [&](int i, int j, int v) { return load(products + (i * 6 + j) * p.layout.m_slab + v * vector_floats); },
      [&](int i, int j, int v, Vec value) { tile[i][j][v] = value + bias.of[v]; });
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j)
      for (int v = 0; v < line_vectors; ++v) {
        const int64_t c = k + v * vector_floats, c_left = left - v * vector_floats;
        if (i >= rows || j >= cols || c_left <= 0) continue;
        Vec largest;
        VecInt code;
        pool_window({tile[2 * i][2 * j][v], tile[2 * i][2 * j + 1][v], tile[2 * i + 1][2 * j][v],
                     tile[2 * i + 1][2 * j + 1][v]},
                    &largest, &code);
        const int64_t at = (window + i * (p.z.out_w / 2) + j) * p.z.out_channels + c;
        if (p.streamed)
          stream(p.y + at, largest);
        else
          store_up_to(p.y + at, largest, c_left);
        store_bytes_up_to(p.argmax + at, code, c_left);
      }
}

void inverse(const Pass& p, const float* products, int64_t first, int64_t tiles, int64_t k_panel,
             int64_t k_panels) {
  const WinogradPass& z = p.z;
  const int64_t tiles_h = z.tiles_h(), tiles_w = z.tiles_w();
  for (int64_t t = 0; t < tiles; ++t, products += panel) {
    const int64_t tile = first + t, n = tile / (tiles_h * tiles_w);
    const int64_t top = tile / tiles_w % tiles_h * 4, left = tile % tiles_w * 4;
    const int64_t pixel = (n * z.out_h + top) * z.out_w + left, rows = z.out_h - top, cols = z.out_w - left;
    const int64_t window = (n * (z.out_h / 2) + top / 2) * (z.out_w / 2) + left / 2;
    for (int64_t i = 0; i < k_panels; ++i) {
      const float* const from = products + i * p.layout.m_panel;
      const int64_t k = (k_panel + i) * panel, k_left = z.out_channels - k;
      if (p.argmax)
        finish_pooled_tile(p, from, window, rows / 2, cols / 2, k, k_left);
      else if (rows >= 4 && cols >= 4 && k_left >= panel)
        finish_tile<true>(p, from, pixel, rows, cols, k, k_left);
      else
        finish_tile<false>(p, from, pixel, rows, cols, k, k_left);
    }
  }
}

// 36 products of tiles x channels with channels x (k_panels * 16), and their inverse transform.
void multiply_tiles(const Pass& p, const float* v, int64_t v_slab, int64_t v_panel, const float* u,
                    int64_t first, int64_t tiles, int64_t k_panel, int64_t k_panels, float* products) {
  const WinogradLayout& l = p.layout;
  for (int64_t t = 0; t < winograd_points; ++t)
    for (int64_t c = 0; c < p.z.in_channels; c += winograd_depth_block) {
      Epilogue epilogue;
      epilogue.accumulate = c > 0;
      multiply_rows<true>(tiles, smaller(winograd_depth_block, p.z.in_channels - c),
                          {v + t * v_slab + c / panel * v_panel, panel, v_panel},
                          {u + t * l.u_slab + c * panel, l.u_panel},
                          {products + t * l.m_slab, panel, l.m_panel, k_panels * panel}, epilogue);
    }
  inverse(p, products, first, tiles, k_panel, k_panels);
}

void few_filters(const Pass& p) {
  const WinogradLayout& l = p.layout;
  const int64_t tiles = p.z.tiles(), out_panels = p.z.out_panels();
  float* const u = p.workspace + l.u;
  const int64_t c_blocks = ceil_div(p.z.in_channels, filter_channels);
  parallel(out_panels * c_blocks, [&](int64_t task, int) {
    const int64_t k_panel = task / c_blocks, c = task % c_blocks * filter_channels;
    transform_filter(p.z, p.filter, k_panel, c, smaller(c + filter_channels, p.z.in_channels),
                     u + k_panel * l.u_panel, l.u_slab);
  });
  parallel(ceil_div(tiles, l.tile_block), [&](int64_t task, int thread) {
    float* const scratch = static_cast<float*>(thread_scratch(thread));
    const int64_t first = task * l.tile_block, now = smaller(l.tile_block, tiles - first);
    const int64_t v_panel = now * panel, v_slab = slab_stride(p.z.in_panels() * v_panel);
    transform_input(p, first, now, scratch + l.own_v, v_slab, v_panel);
    for (int64_t k = 0; k < out_panels; k += l.k_panels)
      multiply_tiles(p, scratch + l.own_v, v_slab, v_panel, u + k * l.u_panel, first, now, k,
                     smaller(l.k_panels, out_panels - k), scratch + l.own_m);
    if (p.streamed) stream_fence();
  });
}

void many_filters(const Pass& p) {
  const WinogradLayout& l = p.layout;
  const int64_t tiles = p.z.tiles(), out_panels = p.z.out_panels();
  float* const v = p.workspace + l.v;
  for (int64_t begin = 0; begin < tiles; begin += l.superblock) {
    const int64_t count = smaller(l.superblock, tiles - begin);
    const int64_t v_panel = count * panel, v_slab = slab_stride(p.z.in_panels() * v_panel);
    parallel(ceil_div(count, input_tiles), [&](int64_t task, int) {
      const int64_t first = task * input_tiles;
      transform_input(p, begin + first, smaller(input_tiles, count - first), v + first * panel, v_slab,
                      v_panel);
    });
    parallel(ceil_div(out_panels, l.k_panels), [&](int64_t task, int thread) {
      float* const scratch = static_cast<float*>(thread_scratch(thread));
      const int64_t k = task * l.k_panels, k_panels = smaller(l.k_panels, out_panels - k);
      for (int64_t i = 0; i < k_panels; ++i)
        transform_filter(p.z, p.filter, k + i, 0, p.z.in_channels, scratch + l.own_u + i * l.u_panel,
                         l.u_slab);
      for (int64_t first = 0; first < count; first += l.tile_block)
        multiply_tiles(p, v + first * panel, v_slab, v_panel, scratch + l.own_u, begin + first,
                       smaller(l.tile_block, count - first), k, k_panels, scratch + l.own_m);
      if (p.streamed) stream_fence();
    });
  }
}

void run(Pass p, const float* x) {
  p.layout = winograd_layout(p.z);
  float* const zeros = p.workspace + p.layout.zeros;
  for (int64_t c = 0; c < p.z.in_channels; ++c) zeros[c] = 0.0f;
  p.image = {x,           p.z.in_h,     p.z.in_w, p.z.in_channels, p.z.tiles_h(), p.z.tiles_w(),
             p.z.pad_top, p.z.pad_left, zeros};
  const int64_t pixels = p.argmax ? (p.z.out_h / 2) * (p.z.out_w / 2) : p.z.out_h * p.z.out_w;
  p.streamed = p.z.n * pixels * p.z.out_channels > stream_floats && p.z.out_channels % panel == 0 &&
               reinterpret_cast<uintptr_t>(p.y) % 64 == 0;
  if (p.layout.many_filters)
    many_filters(p);
  else
    few_filters(p);
}

}  // namespace

void winograd_f4x3_forward(const Conv2d& a, const Call& call) {
  Pass p{};
  p.z = forward_pass(shape_of(a, call));
  p.filter = static_cast<const float*>(call.inputs[1].data);
  p.bias = a.bias ? static_cast<const float*>(call.inputs[2].data) : nullptr;
  p.residual = a.residual ? static_cast<const float*>(call.inputs[a.bias ? 3 : 2].data) : nullptr;
  p.activation = a.activation;
  p.y = static_cast<float*>(call.outputs[0].data);
  p.workspace = static_cast<float*>(call.workspace);
  run(p, static_cast<const float*>(call.inputs[0].data));
}

void winograd_f4x3_input_gradient(const Conv2dInputGradient& a, const Call& call) {
  Pass p{};
  p.z = input_gradient_pass(shape_of(a, call));
  p.filter = static_cast<const float*>(call.inputs[1].data);
  p.y = static_cast<float*>(call.outputs[0].data);
  p.workspace = static_cast<float*>(call.workspace);
  run(p, static_cast<const float*>(call.inputs[0].data));
}

void winograd_f4x3_pooled(const Conv2dPooled& a, const Call& call) {
  Pass p{};
  p.z = forward_pass(shape_of(a, call));
  p.filter = static_cast<const float*>(call.inputs[1].data);
  p.bias = a.bias ? static_cast<const float*>(call.inputs[2].data) : nullptr;
  p.y = static_cast<float*>(call.outputs[0].data);
  p.argmax = static_cast<uint8_t*>(call.outputs[1].data);
  p.workspace = static_cast<float*>(call.workspace);
  run(p, static_cast<const float*>(call.inputs[0].data));
}

void winograd_f4x3_pooled_input_gradient(const Conv2dPooledInputGradient& a, const Call& call) {
  Pass p{};
  p.z = input_gradient_pass(shape_of(a, call));
  p.pooled_image = {static_cast<const float*>(call.inputs[0].data),
                    static_cast<const uint8_t*>(call.inputs[1].data),
                    p.z.in_h,
                    p.z.in_w,
                    p.z.in_channels,
                    p.z.tiles_h(),
                    p.z.tiles_w(),
                    p.z.pad_top,
                    p.z.pad_left};
  p.filter = static_cast<const float*>(call.inputs[2].data);
  p.y = static_cast<float*>(call.outputs[0].data);
  p.workspace = static_cast<float*>(call.workspace);
  run(p, nullptr);
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
