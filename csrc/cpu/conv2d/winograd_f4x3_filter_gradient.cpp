// Filter gradient of 3x3, stride 1: dg = G^T [ sum over tiles (A dy A^T) . (B^T d B) ] G, for each of the 36
// points a matrix product of (channels x tiles) with (tiles x output channels).
//
//   few weights   tiles in 8 fixed runs; a task sums one run's blocks of up to 96 tiles into a dU of its own
//                 (both transforms stay in L2); then the runs in order
//   many weights  V and D of a block of tiles first; a task: half of one point's product, whose factors, 128 tiles
//                 at a time, and dU stay in L2, so that V and D come from L3 once
//
// The inverse transform of dU comes last.
// Order of summation: tiles ascending in blocks of at most 128, blocks in order within a run, runs in order.
#include "core/parallel.h"
#include "cpu/conv2d/pooled_tiles.h"
#include "cpu/conv2d/winograd_f4x3.h"
#include "cpu/conv2d/winograd_transforms.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

constexpr int64_t transform_block = 8;  // tiles of one task of transforming

struct GradientPass {
  ConvShape shape;
  WinogradGradientLayout layout;
  TiledImage x, dy;
  PooledTiledImage pooled_dy;  // read instead of `dy` if it is there
  float* workspace;
  float* dfilter;
  int64_t tiles, c_panels, k_panels;
};

void transform_gradient(const GradientPass& p, int64_t first, int64_t count, float* out, int64_t slab,
                        int64_t panel_stride) {
  if (p.pooled_dy.dy)
    transform_tiles<GradientTransform>(p.pooled_dy, first, count, out, slab, panel_stride);
  else
    transform_tiles<GradientTransform>(p.dy, first, count, out, slab, panel_stride);
}

struct Transformed {
  const float* data;
  int64_t slab, panel_stride;
};

// du[k panel][t][channel][16] += both sides' products over `tiles` tiles, for point t and the k panels from k on;
// `c_group` panels of V pass under each column of D.
void add_products(const GradientPass& p, int64_t t, const Transformed& v, int64_t c_group,
                  const Transformed& d, int64_t k, int64_t k_panels, int64_t tiles, float* du,
                  bool accumulate) {
  const WinogradGradientLayout& l = p.layout;
  for (int64_t first = 0; first < tiles; first += winograd_depth_block)
    for (int64_t c = 0; c < p.c_panels; c += c_group)
      multiply_outer(smaller(c_group, p.c_panels - c), k_panels, smaller(winograd_depth_block, tiles - first),
                     {v.data + t * v.slab + c * v.panel_stride + first * panel, v.panel_stride},
                     {d.data + t * d.slab + k * d.panel_stride + first * panel, d.panel_stride},
                     du + k * l.u_panel + t * l.u_slab + c * panel * panel, l.u_panel,
                     accumulate || first > 0);
}

// One channel's 16 outputs: du[t] to the nine taps of dfilter.
FASTCONV_INLINE void inverse_row(const GradientPass& p, const float* du, int64_t c, int64_t k) {
  for (int v = 0; v < panel; v += vector_floats)
    transform_2d<FilterGradientTransform>(
        [&](int i, int j) { return load(du + (i * 6 + j) * p.layout.u_slab + v); },
        [&](int i, int j, Vec value) {
          store_up_to(p.dfilter + ((i * 3 + j) * p.shape.c + c) * p.shape.k + k + v, value,
                      p.shape.k - k - v);
        });
}

void add_runs(const WinogradGradientLayout& l, float* du) {
  for (int64_t t = 0; t < winograd_points; ++t)
    for (int64_t i = 0; i < panel * panel; i += vector_floats) {
      float* const at = du + t * l.u_slab + i;
      Vec sum = load(at);
      for (int64_t run = 1; run < l.runs; ++run) sum += load(at + run * l.u_floats);
      store(at, sum);
    }
}

void few_weights(const GradientPass& p) {
  const WinogradGradientLayout& l = p.layout;
  parallel(l.runs, [&](int64_t run, int thread) {
    float* const scratch = static_cast<float*>(thread_scratch(thread));
    const int64_t first_block = l.blocks * run / l.runs, end_block = l.blocks * (run + 1) / l.runs;
    for (int64_t block = first_block; block < end_block; ++block) {
      const int64_t first = block * l.tile_block, now = smaller(l.tile_block, p.tiles - first),
                    stride = now * panel;
      const Transformed v{scratch + l.own_v, slab_stride(p.c_panels * stride), stride};
      const Transformed d{scratch + l.own_d, slab_stride(p.k_panels * stride), stride};
      transform_tiles<InputTransform>(p.x, first, now, scratch + l.own_v, v.slab, stride);
      transform_gradient(p, first, now, scratch + l.own_d, d.slab, stride);
      for (int64_t t = 0; t < winograd_points; ++t)
        add_products(p, t, v, p.c_panels, d, 0, p.k_panels, now, p.workspace + l.sums + run * l.u_floats,
                     block > first_block);
    }
  });
}

void many_weights(const GradientPass& p) {
  const WinogradGradientLayout& l = p.layout;
  constexpr int64_t c_group = 3;  // 128 tiles of three panels are 24 KiB: they stay in L1
  const int64_t half = ceil_div(p.k_panels, 2);
  for (int64_t block = 0; block < l.blocks; ++block) {
    const int64_t first = block * l.tile_block, now = smaller(l.tile_block, p.tiles - first),
                  stride = now * panel;
    const Transformed v{p.workspace + l.v, slab_stride(p.c_panels * stride), stride};
    const Transformed d{p.workspace + l.d, slab_stride(p.k_panels * stride), stride};
    parallel(2 * ceil_div(now, transform_block), [&](int64_t task, int) {
      const int64_t at = task / 2 * transform_block, count = smaller(transform_block, now - at);
      if (task % 2)
        transform_gradient(p, first + at, count, p.workspace + l.d + at * panel, d.slab, stride);
      else
        transform_tiles<InputTransform>(p.x, first + at, count, p.workspace + l.v + at * panel, v.slab,
                                        stride);
    });
    parallel(2 * winograd_points, [&](int64_t task, int) {
      const int64_t k = task % 2 * half, k_panels = smaller(half, p.k_panels - k);
      add_products(p, task / 2, v, c_group, d, k, k_panels, now, p.workspace + l.sums, block > 0);
    });
  }
}

void inverse(const GradientPass& p) {
  const WinogradGradientLayout& l = p.layout;
  parallel(p.c_panels * p.k_panels, [&](int64_t task, int) {
    const int64_t k_panel = task / p.c_panels, c = task % p.c_panels * panel;
    float* const du = p.workspace + l.sums + k_panel * l.u_panel + c * panel;
    if (l.runs > 1) add_runs(l, du);
    for (int64_t i = 0; i < smaller<int64_t>(panel, p.shape.c - c); ++i)
      inverse_row(p, du + i * panel, c + i, k_panel * panel);
  });
}

// Everything but where dy comes from.
GradientPass gradient_pass(const ConvShape& z, bool bias, const Call& call) {
  const WinogradPass forward = forward_pass(z);
  GradientPass p{};
  p.shape = z;
  p.layout = winograd_gradient_layout(z, bias);
  p.workspace = static_cast<float*>(call.workspace);
  float* const zeros = p.workspace + p.layout.zeros;
  for (int64_t c = 0; c < larger(z.c, z.k); ++c) zeros[c] = 0.0f;
  p.x = {static_cast<const float*>(call.inputs[0].data),
         z.h,
         z.w,
         z.c,
         forward.tiles_h(),
         forward.tiles_w(),
         z.pad_top,
         z.pad_left,
         zeros};
  p.dfilter = static_cast<float*>(call.outputs[0].data);
  p.tiles = forward.tiles();
  p.c_panels = panels_of(z.c);
  p.k_panels = panels_of(z.k);
  return p;
}

void run(const GradientPass& p) {
  if (p.layout.few_weights)
    few_weights(p);
  else
    many_weights(p);
  inverse(p);
}

}  // namespace

void winograd_f4x3_filter_gradient(const Conv2dFilterGradient& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  GradientPass p = gradient_pass(z, a.bias, call);
  const float* const dy = static_cast<const float*>(call.inputs[1].data);
  p.dy = {dy, z.p, z.q, z.k, p.x.tiles_h, p.x.tiles_w, 0, 0, p.x.zeros};
  run(p);
  if (a.bias) bias_gradient(z, dy, p.workspace + p.layout.bias, static_cast<float*>(call.outputs[1].data));
}

void winograd_f4x3_pooled_filter_gradient(const Conv2dPooledFilterGradient& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  GradientPass p = gradient_pass(z, a.bias, call);
  p.pooled_dy = {static_cast<const float*>(call.inputs[1].data),
                 static_cast<const uint8_t*>(call.inputs[2].data),
                 z.p,
                 z.q,
                 z.k,
                 p.x.tiles_h,
                 p.x.tiles_w,
                 0,
                 0};
  run(p);
  if (a.bias)
    pooled_bias_gradient(p.pooled_dy, z.n * (z.p / 2) * (z.q / 2), p.workspace + p.layout.bias,
                         static_cast<float*>(call.outputs[1].data));
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
