// dfilter[e][k] = sum over pixels of x[pixel's input at e] * dy[pixel][k], e = (tap, channel): dfilter's own
// layout read as a matrix.  Both sides are packed to panels, 256 pixels at a time; x is gathered, never
// unrolled in memory.
//
//   few weights   pixels in 8 fixed runs; a task sums one run into a dfilter of its own; then the runs in
//   order many weights  dy packed once for as many pixels as L3 holds; a task owns 96 e x up to 1024 k for
//   all pixels
//
// Order of summation: pixels ascending within blocks of 256, blocks in order within a run, runs in order.
#include "core/parallel.h"
#include "cpu/conv2d/implicit_gemm.h"
#include "cpu/conv2d/pack.h"
#include "cpu/simd/gemm.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

struct GradientProduct {
  Gather g;   // x, as the forward pass reads it
  Gather dy;  // dy, in place: one tap
  GemmGradientLayout layout;
  const float* x;
  const float* dy_data;
  float* workspace;
  float* dfilter;

  int64_t depth() const { return g.depth(); }
  int64_t k() const { return g.columns(); }
};

// dy as an image that is read pixel by pixel, channels in the groups of k.
Gather identity_gather(const ConvShape& z) {
  return {z.n,
          forward_axis(z.p, z.p, 1, 1, 1, 0),
          forward_axis(z.q, z.q, 1, 1, 1, 0),
          z.groups,
          z.k,
          z.k,
          1,
          0,
          0,
          false};
}

int64_t block_pixels(const GradientProduct& z, int64_t block) {
  return smaller(gemm_gradient_pixels, z.g.pixels() - block * gemm_gradient_pixels);
}

void pack_dy(const GradientProduct& z, int64_t block, int64_t group, float* panels) {
  pack_pixels(z.dy, z.dy_data, nullptr, group, block * gemm_gradient_pixels, block_pixels(z, block), 0, z.k(),
              panels, gemm_gradient_stride);
}

// sums[k panel][panels of e, from `panel_first`][16][16] += one block's products.
void add_block(const GradientProduct& z, int64_t block, int64_t group, int64_t panel_first, int64_t panels,
               const float* dy, int64_t k_panels, float* scratch, float* sums, int64_t sums_stride,
               bool accumulate) {
  const int64_t pixels = block_pixels(z, block), e = panel_first * panel;
  pack_pixels(z.g, z.x, z.workspace + z.layout.zeros, group, block * gemm_gradient_pixels, pixels, e,
              smaller(e + panels * panel, z.depth()), scratch, gemm_gradient_stride);
  multiply_outer(panels, k_panels, pixels, {scratch, gemm_gradient_stride}, {dy, gemm_gradient_stride}, sums,
                 sums_stride, accumulate);
}

// Rows of panels to their place in dfilter, the sum over `runs` sets of panels.
void write_panels(const GradientProduct& z, int64_t group, int64_t panel_first, int64_t panels,
                  int64_t k_panel, const float* sums, int64_t runs, int64_t run_stride) {
  const int64_t e_end = smaller((panel_first + panels) * panel, z.depth()), column = k_panel * panel;
  for (int64_t e = panel_first * panel; e < e_end; ++e, sums += panel)
    for (int v = 0; v < panel; v += vector_floats) {
      Vec sum = load(sums + v);
      for (int64_t run = 1; run < runs; ++run) sum += load(sums + run * run_stride + v);
      store_up_to(z.dfilter + e * z.g.out_channels + group * z.k() + column + v, sum, z.k() - column - v);
    }
}

void few_weights(const GradientProduct& z) {
  const GemmGradientLayout& t = z.layout;
  const int64_t k_stride = t.depth_panels * panel * panel, group_stride = t.k_panels * k_stride;
  const int64_t run_stride = z.g.groups * group_stride;
  parallel(t.runs, [&](int64_t run, int thread) {
    float* const scratch = static_cast<float*>(thread_scratch(thread));
    float* const dy = scratch + t.own;
    const int64_t first = t.blocks * run / t.runs, end = t.blocks * (run + 1) / t.runs;
    for (int64_t block = first; block < end; ++block)
      for (int64_t group = 0; group < z.g.groups; ++group) {
        pack_dy(z, block, group, dy);
        float* const sums = z.workspace + t.sums + run * run_stride + group * group_stride;
        for (int64_t e = 0; e < t.depth_panels; e += gemm_gradient_panels)
          add_block(z, block, group, e, smaller(gemm_gradient_panels, t.depth_panels - e), dy, t.k_panels,
                    scratch + t.pixels, sums + e * panel * panel, k_stride, block > first);
      }
  });
  parallel(z.g.groups * t.k_panels, [&](int64_t task, int) {
    write_panels(z, task / t.k_panels, 0, t.depth_panels, task % t.k_panels,
                 z.workspace + t.sums + task / t.k_panels * group_stride + task % t.k_panels * k_stride,
                 t.runs, run_stride);
  });
}

void many_weights(const GradientProduct& z) {
  const GemmGradientLayout& t = z.layout;
  const int64_t block_stride = z.g.groups * t.k_panels * gemm_gradient_stride;
  const int64_t k_stride = t.task_panels * panel * panel, task_floats = t.task_k_panels * k_stride;
  float* const dy = z.workspace + t.dy;
  for (int64_t superblock = 0; superblock < t.superblocks; ++superblock) {
    const int64_t first = superblock * t.superblock, end = smaller(first + t.superblock, t.blocks);
    parallel((end - first) * z.g.groups, [&](int64_t task, int) {
      const int64_t block = task / z.g.groups, group = task % z.g.groups;
      pack_dy(z, first + block, group, dy + block * block_stride + group * t.k_panels * gemm_gradient_stride);
    });
    parallel(z.g.groups * t.depth_tasks * t.k_tasks, [&](int64_t task, int thread) {
      float* const scratch = static_cast<float*>(thread_scratch(thread));
      float* const sums = t.superblocks > 1 ? z.workspace + t.sums + task * task_floats : scratch + t.own;
      const int64_t group = task / (t.depth_tasks * t.k_tasks);
      const int64_t e = task / t.k_tasks % t.depth_tasks * t.task_panels,
                    k = task % t.k_tasks * t.task_k_panels;
      const int64_t panels = smaller(t.task_panels, t.depth_panels - e),
                    k_panels = smaller(t.task_k_panels, t.k_panels - k);
      for (int64_t block = first; block < end; ++block)
        add_block(z, block, group, e, panels,
                  dy + (block - first) * block_stride + (group * t.k_panels + k) * gemm_gradient_stride,
                  k_panels, scratch + t.pixels, sums, k_stride, block > 0);
      if (end == t.blocks)
        for (int64_t i = 0; i < k_panels; ++i)
          write_panels(z, group, e, panels, k + i, sums + i * k_stride, 1, 0);
    });
  }
}

}  // namespace

void implicit_gemm_filter_gradient(const Conv2dFilterGradient& a, const Call& call) {
  const ConvShape shape = shape_of(a, call);
  const GemmGradientLayout layout = gemm_gradient_layout(shape, a.bias);
  float* const workspace = static_cast<float*>(call.workspace);
  const float* const dy = static_cast<const float*>(call.inputs[1].data);
  for (int64_t c = 0; c < shape.group_c(); ++c) workspace[layout.zeros + c] = 0.0f;
  const GradientProduct product{forward_gather(shape),
                                identity_gather(shape),
                                layout,
                                static_cast<const float*>(call.inputs[0].data),
                                dy,
                                workspace,
                                static_cast<float*>(call.outputs[0].data)};
  if (layout.few_weights)
    few_weights(product);
  else
    many_weights(product);
  if (a.bias) bias_gradient(shape, dy, workspace + layout.bias, static_cast<float*>(call.outputs[1].data));
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
