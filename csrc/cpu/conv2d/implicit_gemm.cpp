// y[pixel][k] = sum over e = (tap, channel) of x[pixel's input at e] * filter[e][k]: a matrix product whose
// left side is gathered into panels block by block, never as a whole (no im2col buffer).  The input gradient
// is the same product for each residue of the strides, with the taps that meet it: a gather, never a scatter.
//
// A task: 96 pixels (fewer where there are few) x all or some output channels; for each 512 of e: pack the
// pixels to panels in L2 (1x1 with stride 1 reads them in place), multiply with the packed filter. Order of
// summation: e ascending, in blocks of 512 added in order; no element depends on how pixels are cut, so a
// picture has the same bits in any batch.  x may be unaligned; y, workspace and scratch are 64-byte aligned.
#include "cpu/conv2d/implicit_gemm.h"

#include "core/parallel.h"
#include "cpu/conv2d/pack.h"
#include "cpu/simd/gemm.h"
#include "cpu/simd/transpose.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

constexpr int64_t pack_channels = 64;  // channels of one tap: a task of packing the filter
constexpr int64_t in_place_channels =
    256;  // above, strides of 2 KiB and more put a tile's rows on one L1 set
constexpr int64_t stream_floats = 1 << 18;  // outputs above 1 MiB go past the caches

struct Product {
  Gather g;
  const float* x;
  const float* filter;  // packed
  const float* zeros;
  const float* bias;
  const float* residual;
  Activation activation;
  float* y;
};

// One tap's rows of the packed filter, channels c .. c_end-1 of a group.
void pack_filter_rows(const Gather& g, const float* filter, int64_t group, int64_t tap, int64_t c,
                      int64_t c_end, float* packed) {
  const int64_t columns = g.columns(), depth = g.depth();
  const int64_t filter_tap = g.rows.tap(tap / g.cols.taps) * g.filter_cols + g.cols.tap(tap % g.cols.taps);
  const float* const source = filter + filter_tap * g.filter_c * g.filter_k;
  for (int64_t j = 0; j < columns; j += panel) {
    const int64_t count = smaller<int64_t>(columns - j, panel);
    float* dst = packed + ((group * panels_of(columns) + j / panel) * depth + tap * g.channels() + c) * panel;
    if (!g.filter_transposed) {
      const float* src = source + c * g.filter_k + group * columns + j;
      for (int64_t i = c; i < c_end; ++i, src += g.filter_k, dst += panel)
        for (int v = 0; v < panel; v += vector_floats) store(dst + v, load_up_to(src + v, count - v));
    } else {  // (columns) x (channels) of the filter, turned
      for (int64_t i = c; i < c_end; i += panel, dst += panel * panel) {
        const float* src = source + j * g.filter_k + group * g.channels() + i;
        const int64_t channels = smaller<int64_t>(c_end - i, panel);
        if (channels == panel) {
          transpose_16x16(src, g.filter_k, count, panel, dst, panel);
        } else {  // the next tap's rows lie behind: write no more than there are
          for (int64_t e = 0; e < channels; ++e)
            for (int64_t q = 0; q < panel; ++q)
              dst[e * panel + q] = q < count ? src[q * g.filter_k + e] : 0.0f;
        }
      }
    }
  }
}

void pack_filter(const Gather& g, const float* filter, float* packed) {
  const int64_t blocks = ceil_div(g.channels(), pack_channels);
  parallel(g.groups * g.taps() * blocks, [&](int64_t task, int) {
    const int64_t c = task % blocks * pack_channels;
    pack_filter_rows(g, filter, task / blocks / g.taps(), task / blocks % g.taps(), c,
                     smaller(c + pack_channels, g.channels()), packed);
  });
}

// How the product is cut into tasks: by the shape alone.
struct Tasks {
  int64_t pixel_block, pixel_blocks, panel_block, panel_blocks;
};
Tasks cut(const Gather& g) {
  Tasks t{gemm_pixel_block, 0, panels_of(g.columns()), 0};
  while (t.pixel_block > 24 && g.pixels() / t.pixel_block < 8) t.pixel_block -= 24;
  t.pixel_blocks = ceil_div(g.pixels(), t.pixel_block);
  if (t.pixel_blocks * g.groups < 16) {
    t.panel_block = smaller<int64_t>(t.panel_block, 16);
    while (t.panel_block > 2 &&
           t.pixel_blocks * g.groups * ceil_div(panels_of(g.columns()), t.panel_block) < 16)
      t.panel_block /= 2;
  }
  t.panel_blocks = ceil_div(panels_of(g.columns()), t.panel_block);
  return t;
}

// Result rows of a strided input gradient to their places.
void place_rows(const Gather& g, const float* target, int64_t first, int64_t pixels, float* y,
                int64_t columns) {
  PixelWalk at(first, g.rows.grid, g.cols.grid);
  for (int64_t p = 0; p < pixels; ++p, at.next()) {
    const int64_t h = at.i * g.rows.out_step + g.rows.out_first,
                  w = at.j * g.cols.out_step + g.cols.out_first;
    float* const row = y + ((at.n * g.rows.out_size + h) * g.cols.out_size + w) * g.out_channels;
    for (int64_t j = 0; j < columns; j += vector_floats)
      store_up_to(row + j, load(target + column_offset(j, gemm_target_stride) + p * panel), columns - j);
  }
}

struct Block {
  int64_t group, first, pixels, column, columns;
};

void run_block(const Product& z, const Block& block, bool in_place, bool streamed, float* scratch) {
  const Gather& g = z.g;
  const GemmLayout layout = gemm_layout(g);
  float* const pixels = scratch + layout.pixels;
  const bool dense = g.out_is_dense();
  const int64_t depth = g.depth(), out_column = block.group * g.columns() + block.column;
  const Target target =
      dense ? Target{z.y + block.first * g.out_channels + out_column, g.out_channels, panel, block.columns}
            : Target{scratch + layout.target, panel, gemm_target_stride, block.columns};
  const float* const filter =
      z.filter + (block.group * panels_of(g.columns()) + block.column / panel) * depth * panel;
  for (int64_t e = 0; e < depth; e += gemm_depth_block) {
    const int64_t now = smaller(gemm_depth_block, depth - e);
    Epilogue epilogue;
    epilogue.accumulate = e > 0;
    if (e + now == depth) {
      if (z.bias) epilogue.bias = z.bias + out_column;
      if (z.residual) epilogue.residual = z.residual + block.first * g.out_channels + out_column;
      epilogue.relu = z.activation == Activation::relu;
      epilogue.stream = streamed && e == 0;
    }
    const PanelsOperand b{filter + e * panel, depth * panel};
    if (in_place) {
      const float* const x = z.x + block.first * g.in_channels + block.group * g.channels() + e;
      multiply_rows<false>(block.pixels, now, {x, g.in_channels, panel}, b, target, epilogue);
    } else {
      pack_pixels(g, z.x, z.zeros, block.group, block.first, block.pixels, e, e + now, pixels,
                  gemm_pixels_stride);
      multiply_rows<true>(block.pixels, now, {pixels, panel, gemm_pixels_stride}, b, target, epilogue);
    }
  }
  if (!dense)
    place_rows(g, scratch + layout.target, block.first, block.pixels, z.y + out_column, block.columns);
  if (z.activation == Activation::sigmoid)
    sigmoid_rows(target.data, block.pixels, target.row_stride, block.columns);
  if (streamed) stream_fence();
}

void multiply(const Product& z) {
  const Gather& g = z.g;
  const Tasks t = cut(g);
  const bool in_place = g.in_is_dense() && g.channels() <= in_place_channels;
  const bool streamed = g.out_is_dense() && z.activation != Activation::sigmoid &&
                        g.pixels() * g.out_channels > stream_floats && g.out_channels % panel == 0 &&
                        g.columns() % panel == 0 && reinterpret_cast<uintptr_t>(z.y) % 64 == 0;
  parallel(g.groups * t.pixel_blocks * t.panel_blocks, [&](int64_t task, int thread) {
    Block block;
    block.group = task / (t.pixel_blocks * t.panel_blocks);
    block.first = task / t.panel_blocks % t.pixel_blocks * t.pixel_block;
    block.pixels = smaller(t.pixel_block, g.pixels() - block.first);
    block.column = task % t.panel_blocks * t.panel_block * panel;
    block.columns = smaller(t.panel_block * panel, g.columns() - block.column);
    run_block(z, block, in_place, streamed, static_cast<float*>(thread_scratch(thread)));
  });
}

// Residues that no tap meets, and images without a single output.
void clear_residue(const Gather& g, float* y) {
  parallel(g.n * g.rows.grid, [&](int64_t task, int) {
    const int64_t h = task % g.rows.grid * g.rows.out_step + g.rows.out_first;
    float* const row = y + (task / g.rows.grid * g.rows.out_size + h) * g.cols.out_size * g.out_channels;
    for (int64_t w = g.cols.out_first; w < g.cols.out_size; w += g.cols.out_step)
      for (int64_t c = 0; c < g.out_channels; ++c) row[w * g.out_channels + c] = 0.0f;
  });
}

void clear(float* p, int64_t count) {
  for (int64_t i = 0; i < count; ++i) p[i] = 0.0f;
}

}  // namespace

void implicit_gemm_forward(const Conv2d& a, const Call& call) {
  const ConvShape shape = shape_of(a, call);
  const Gather g = forward_gather(shape);
  const GemmLayout layout = gemm_layout(g);
  float* const workspace = static_cast<float*>(call.workspace);
  pack_filter(g, static_cast<const float*>(call.inputs[1].data), workspace + layout.filter);
  clear(workspace + layout.zeros, g.channels());
  multiply({g, static_cast<const float*>(call.inputs[0].data), workspace + layout.filter,
            workspace + layout.zeros, a.bias ? static_cast<const float*>(call.inputs[2].data) : nullptr,
            a.residual ? static_cast<const float*>(call.inputs[a.bias ? 3 : 2].data) : nullptr, a.activation,
            static_cast<float*>(call.outputs[0].data)});
}

void implicit_gemm_input_gradient(const Conv2dInputGradient& a, const Call& call) {
  const ConvShape shape = shape_of(a, call);
  float* const workspace = static_cast<float*>(call.workspace);
  float* const dx = static_cast<float*>(call.outputs[0].data);
  for (int64_t residue_h = 0; residue_h < smaller(a.stride_h, shape.h); ++residue_h)
    for (int64_t residue_w = 0; residue_w < smaller(a.stride_w, shape.w); ++residue_w) {
      const Gather g = gradient_gather(shape, residue_h, residue_w);
      if (g.taps() == 0) {
        clear_residue(g, dx);
        continue;
      }
      const GemmLayout layout = gemm_layout(g);
      pack_filter(g, static_cast<const float*>(call.inputs[1].data), workspace + layout.filter);
      clear(workspace + layout.zeros, g.channels());
      multiply({g, static_cast<const float*>(call.inputs[0].data), workspace + layout.filter,
                workspace + layout.zeros, nullptr, nullptr, Activation::none, dx});
    }
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
