// winograd_f4x3: F(4x4, 3x3) for stride 1.  Blocks and memory, for narrow and wide code.
#pragma once
#include "cpu/conv2d/bias_gradient.h"
#include "cpu/conv2d/panels.h"
#include "cpu/simd/dispatch.h"
#include "primitives/conv2d_pooled.h"

namespace fastconv {
namespace {

constexpr int64_t winograd_points = 36;  // 6 x 6 products a tile of 4 x 4 outputs
constexpr int64_t winograd_depth_block =
    128;  // channels (or tiles) summed in one go: part of the contract on bits
constexpr int64_t winograd_tile_block = 48;
constexpr int64_t winograd_k_panels = 2;  // output panels whose 36 products wait for their inverse transform

// One 3x3 correlation: the forward pass, or the input gradient seen as one (dy in, dx out, filter flipped and
// turned, padding 2 - p).
struct WinogradPass {
  int64_t n, in_h, in_w, in_channels, out_h, out_w, out_channels, pad_top, pad_left;
  bool flipped;
  int64_t tiles_h() const { return ceil_div(out_h, 4); }
  int64_t tiles_w() const { return ceil_div(out_w, 4); }
  int64_t tiles() const { return n * tiles_h() * tiles_w(); }
  int64_t in_panels() const { return panels_of(in_channels); }
  int64_t out_panels() const { return panels_of(out_channels); }
};

inline WinogradPass forward_pass(const ConvShape& z) {
  return {z.n, z.h, z.w, z.c, z.p, z.q, z.k, z.pad_top, z.pad_left, false};
}
inline WinogradPass input_gradient_pass(const ConvShape& z) {
  return {z.n, z.p, z.q, z.k, z.h, z.w, z.c, 2 - z.pad_top, 2 - z.pad_left, true};
}

// V: transformed input [t][panel][tile][16]; U: transformed filter [k panel][t][channel][16]; M: products
// [k panel][t][tile][16].
struct WinogradLayout {
  bool many_filters;   // few: U made first, a task transforms its own tiles; many: V made first, a task its
                       // own U
  int64_t tile_block;  // tiles of one set of products
  int64_t superblock;  // many filters: tiles whose V waits in L3
  int64_t k_panels;    // of one task
  int64_t u_slab, u_panel, m_slab, m_panel;
  size_t zeros, u, v, shared_bytes;
  size_t own_u, own_v, own_m, per_thread_bytes;
};

inline WinogradLayout winograd_layout(const WinogradPass& z) {
  WinogradLayout l{};
  l.many_filters = z.out_channels >= 256;
  l.tile_block = winograd_tile_block;
  l.k_panels = winograd_k_panels;
  if (l.many_filters) {
    constexpr int64_t superblock_floats = 3 << 20;  // 12 MiB of V wait in L3
    const int64_t most =
        larger(l.tile_block, superblock_floats / (winograd_points * z.in_panels() * panel_floats) /
                                 l.tile_block * l.tile_block);
    l.superblock = round_up(ceil_div(z.tiles(), ceil_div(z.tiles(), most)), 12);
    const int64_t blocks = ceil_div(l.superblock, l.tile_block);
    l.tile_block = round_up(ceil_div(l.superblock, blocks), 12);
  } else {
    constexpr int64_t v_floats = 1 << 17;  // 512 KiB of V stay in L2
    while (l.tile_block > 12 && winograd_points * z.in_panels() * panel_floats * l.tile_block > v_floats)
      l.tile_block -= 12;
  }
  l.u_slab = slab_stride(z.in_channels * panel_floats);
  l.u_panel = winograd_points * l.u_slab;
  l.m_slab = slab_stride(l.tile_block * panel_floats);
  l.m_panel = winograd_points * l.m_slab;
  const int64_t tiles = l.many_filters ? l.superblock : l.tile_block;
  const int64_t v_slab = slab_stride(z.in_panels() * tiles * panel_floats);
  Layout shared, thread;
  l.zeros = shared.take(z.in_channels);
  if (l.many_filters) {
    l.v = shared.take(v_slab, winograd_points);
    l.own_u = thread.take(l.u_panel, l.k_panels);
  } else {
    l.u = shared.take(l.u_panel, z.out_panels());
    l.own_v = thread.take(v_slab, winograd_points);
  }
  l.own_m = thread.take(l.m_panel, l.k_panels);
  l.shared_bytes = shared.bytes();
  l.per_thread_bytes = thread.bytes();
  return l;
}

// Filter gradient: products summed over tiles, dU [k panel][t][channel][16].
struct WinogradGradientLayout {
  bool
      few_weights;  // few: 8 fixed runs of tiles, each a dU of its own; many: one dU, a task owns points of it
  int64_t tile_block, blocks, runs;
  int64_t u_slab, u_panel, u_floats;  // of one dU
  size_t zeros, bias, v, d, sums, shared_bytes;
  size_t own_v, own_d, per_thread_bytes;
};

inline WinogradGradientLayout winograd_gradient_layout(const ConvShape& z, bool bias) {
  WinogradGradientLayout l{};
  const int64_t tiles = forward_pass(z).tiles(), c_panels = panels_of(z.c), k_panels = panels_of(z.k);
  l.u_slab = slab_stride(c_panels * panel_floats * panel_floats);
  l.u_panel = winograd_points * l.u_slab;
  l.u_floats = k_panels * l.u_panel;
  constexpr int64_t few_runs = 8, few_tiles = 96;
  // A run's dU is written and read once a block of tiles: worth it while there are blocks enough.
  const int64_t weights = c_panels * k_panels;
  l.few_weights = weights <= 16 || (weights <= 64 && tiles >= few_runs * few_tiles);
  if (l.few_weights) {
    l.tile_block = larger<int64_t>(16, smaller(few_tiles, ceil_div(tiles, few_runs)));
  } else {
    // Every block of tiles reads and writes dU: V and D of one are as large, and 12 MiB at least, which wait in L3.
    const int64_t floats = larger<int64_t>(3 << 20, l.u_floats);
    const int64_t most =
        larger<int64_t>(48, floats / (winograd_points * (c_panels + k_panels) * panel_floats) / 8 * 8);
    l.tile_block = ceil_div(tiles, ceil_div(tiles, most));
  }
  l.blocks = ceil_div(tiles, l.tile_block);
  l.runs = l.few_weights ? smaller(few_runs, l.blocks) : 1;
  const int64_t v_slab = slab_stride(c_panels * l.tile_block * panel_floats);
  const int64_t d_slab = slab_stride(k_panels * l.tile_block * panel_floats);
  Layout shared, thread;
  l.zeros = shared.take(larger(z.c, z.k));
  l.bias = shared.take(bias ? bias_blocks(z) : 0, z.k);
  l.sums = shared.take(l.u_floats, l.runs);
  Layout& transformed = l.few_weights ? thread : shared;
  (l.few_weights ? l.own_v : l.v) = transformed.take(v_slab, winograd_points);
  (l.few_weights ? l.own_d : l.d) = transformed.take(d_slab, winograd_points);
  l.shared_bytes = shared.bytes();
  l.per_thread_bytes = thread.bytes();
  return l;
}

}  // namespace

FASTCONV_WIDE(void, winograd_f4x3_forward, (const Conv2d&, const Call&))
FASTCONV_WIDE(void, winograd_f4x3_input_gradient, (const Conv2dInputGradient&, const Call&))
FASTCONV_WIDE(void, winograd_f4x3_filter_gradient, (const Conv2dFilterGradient&, const Call&))
FASTCONV_WIDE(void, winograd_f4x3_pooled, (const Conv2dPooled&, const Call&))
FASTCONV_WIDE(void, winograd_f4x3_pooled_input_gradient, (const Conv2dPooledInputGradient&, const Call&))
FASTCONV_WIDE(void, winograd_f4x3_pooled_filter_gradient, (const Conv2dPooledFilterGradient&, const Call&))

}  // namespace fastconv
