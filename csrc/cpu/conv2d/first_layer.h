// first_layer: few input channels.  Blocks and memory, for narrow and wide code.
#pragma once
#include "cpu/conv2d/panels.h"
#include "cpu/simd/dispatch.h"

namespace fastconv {
namespace {

constexpr int64_t first_layer_channels = 4;
constexpr int64_t first_layer_depth = 512;  // r*s*c: summed in one go
constexpr int64_t first_layer_runs = 16;    // of output rows, for the filter gradient

inline int64_t first_layer_depth_of(const ConvShape& z) { return z.r * z.s * z.c; }
// Floats of one padded input row: what the windows of one output row reach.
inline int64_t first_layer_row(const ConvShape& z) {
  return round_up(((z.q - 1) * z.stride_w + z.s) * z.c, 16) + 16;
}

struct FirstLayerLayout {
  size_t filter, shared_bytes;             // [k panel][r][s][c][16]
  size_t rows, outputs, per_thread_bytes;  // r padded input rows; pooled: two output rows
};
inline FirstLayerLayout first_layer_layout(const ConvShape& z, bool pooled = false) {
  FirstLayerLayout l{};
  Layout shared, thread;
  l.filter = shared.take(panels_of(z.k) * panel_floats, first_layer_depth_of(z));
  l.rows = thread.take(first_layer_row(z), z.r);
  l.outputs = thread.take(pooled ? 2 * z.q : 0, z.k);
  l.shared_bytes = shared.bytes();
  l.per_thread_bytes = thread.bytes();
  return l;
}

struct FirstLayerGradientLayout {
  int64_t runs, k;                    // k: padded to panels
  size_t sums, bias, shared_bytes;    // sums: [run][r][s][c][k], bias: [run][k]
  size_t rows, dy, per_thread_bytes;  // dy: one output row, where k is no multiple of a panel or dy is pooled
};
inline FirstLayerGradientLayout first_layer_gradient_layout(const ConvShape& z, bool pooled = false) {
  FirstLayerGradientLayout l{};
  Layout shared, thread;
  l.runs = smaller(first_layer_runs, z.n * z.p);
  l.k = round_up(z.k, panel_floats);
  l.sums = shared.take(l.runs * l.k, first_layer_depth_of(z));
  l.bias = shared.take(l.runs, l.k);
  l.rows = thread.take(first_layer_row(z), z.r);
  l.dy = thread.take(z.k == l.k && !pooled ? 0 : z.q, l.k);
  l.shared_bytes = shared.bytes();
  l.per_thread_bytes = thread.bytes();
  return l;
}

}  // namespace

FASTCONV_WIDE(void, first_layer_forward, (const Conv2d&, const Call&))
FASTCONV_WIDE(void, first_layer_filter_gradient, (const Conv2dFilterGradient&, const Call&))
FASTCONV_WIDE(void, first_layer_pooled, (const Conv2dPooled&, const Call&))
FASTCONV_WIDE(void, first_layer_pooled_filter_gradient, (const Conv2dPooledFilterGradient&, const Call&))

}  // namespace fastconv
