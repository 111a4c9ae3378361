// implicit_gemm: convolution as a packed, blocked matrix product.  Blocks and memory, for narrow and wide
// code.
#pragma once
#include "cpu/conv2d/bias_gradient.h"
#include "cpu/conv2d/gather.h"
#include "cpu/conv2d/panels.h"
#include "cpu/simd/dispatch.h"

namespace fastconv {
namespace {

constexpr int64_t gemm_depth_block =
    512;  // elements (tap, channel) summed in one go; part of the contract on bits
constexpr int64_t gemm_pixel_block = 96;  // x 512 floats: 192 KiB of packed pixels stay in L2

struct GemmLayout {
  size_t filter, zeros, shared_bytes;       // filter: [group][panel][depth][16]
  size_t pixels, target, per_thread_bytes;  // pixels: [depth/16][pixel][16]; target: [panel][pixel][16]
};

constexpr int64_t gemm_pixels_stride =
    gemm_pixel_block * panel_floats + panel_floats;  // one more line: other sets
constexpr int64_t gemm_target_stride = gemm_pixel_block * panel_floats;

inline GemmLayout gemm_layout(const Gather& g) {
  GemmLayout z{};
  Layout shared, thread;
  z.filter = shared.take(g.groups * panels_of(g.columns()) * panel_floats, g.depth());
  z.zeros = shared.take(g.channels());
  z.shared_bytes = shared.bytes();
  z.pixels = thread.take(gemm_pixels_stride, panels_of(smaller(g.depth(), gemm_depth_block)));
  z.target = thread.take(gemm_target_stride, g.out_is_dense() ? 0 : panels_of(g.columns()));
  z.per_thread_bytes = thread.bytes();
  return z;
}

// Filter gradient: dfilter as a matrix, rows e = (tap, channel), columns k, summed over pixels.
struct GemmGradientLayout {
  bool few_weights;  // few: 8 fixed runs of pixels, each a sum of its own; many: a task owns a block of
                     // dfilter
  int64_t depth_panels, k_panels;      // of one group
  int64_t blocks;                      // of 256 pixels
  int64_t runs;                        // few weights
  int64_t superblock, superblocks;     // many weights: blocks of dy packed at a time
  int64_t task_panels, task_k_panels;  // many weights: a task's block of dfilter
  int64_t depth_tasks, k_tasks;
  size_t zeros, dy, sums, bias, shared_bytes;  // dy: [block][group][panel][pixel][16]
  size_t pixels, own, per_thread_bytes;        // own: dy (few weights) or sums (many, one superblock)
};

constexpr int64_t gemm_gradient_pixels = 256;
constexpr int64_t gemm_gradient_stride = gemm_gradient_pixels * panel_floats + panel_floats;
constexpr int64_t gemm_gradient_panels = 6;  // of e at a time: 96 rows, tiles of 48 divide them
constexpr int64_t gemm_gradient_runs = 8;

inline GemmGradientLayout gemm_gradient_layout(const ConvShape& shape, bool bias) {
  GemmGradientLayout z{};
  z.depth_panels = panels_of(shape.r * shape.s * shape.group_c());
  z.k_panels = panels_of(shape.group_k());
  z.blocks = ceil_div(shape.pixels(), gemm_gradient_pixels);
  const int64_t block_floats = panel_floats * panel_floats, panels = shape.groups * z.k_panels;
  z.few_weights = shape.groups * z.depth_panels * z.k_panels * block_floats <= 160000;
  Layout shared, thread;
  z.zeros = shared.take(shape.group_c());
  z.bias = shared.take(bias ? bias_blocks(shape) : 0, shape.k);
  z.pixels = thread.take(gemm_gradient_panels, gemm_gradient_stride);
  if (z.few_weights) {
    z.runs = smaller(gemm_gradient_runs, z.blocks);
    z.sums = shared.take(z.runs * shape.groups * z.depth_panels * z.k_panels, block_floats);
    z.own = thread.take(panels, gemm_gradient_stride);
  } else {
    constexpr int64_t superblock_floats = 2 << 20;  // 8 MiB of dy wait in L3
    z.superblock = smaller(
        z.blocks, larger<int64_t>(1, superblock_floats / (panels * panel_floats * gemm_gradient_pixels)));
    z.superblocks = ceil_div(z.blocks, z.superblock);
    z.task_panels = smaller(gemm_gradient_panels, z.depth_panels);
    z.depth_tasks = ceil_div(z.depth_panels, z.task_panels);
    z.task_k_panels = smaller<int64_t>(64, z.k_panels);
    while (z.task_k_panels > 16 && shape.groups * z.depth_tasks * ceil_div(z.k_panels, z.task_k_panels) < 16)
      z.task_k_panels = ceil_div(z.task_k_panels, 2);
    z.k_tasks = ceil_div(z.k_panels, z.task_k_panels);
    z.dy = shared.take(z.superblock * panels, gemm_gradient_stride);
    const int64_t task_floats = z.task_panels * z.task_k_panels * block_floats;
    if (z.superblocks > 1) z.sums = shared.take(shape.groups * z.depth_tasks * z.k_tasks, task_floats);
    z.own = thread.take(z.superblocks > 1 ? 0 : task_floats);
  }
  z.shared_bytes = shared.bytes();
  z.per_thread_bytes = thread.bytes();
  return z;
}

}  // namespace

FASTCONV_WIDE(void, implicit_gemm_forward, (const Conv2d&, const Call&))
FASTCONV_WIDE(void, implicit_gemm_input_gradient, (const Conv2dInputGradient&, const Call&))
FASTCONV_WIDE(void, implicit_gemm_filter_gradient, (const Conv2dFilterGradient&, const Call&))

}  // namespace fastconv
