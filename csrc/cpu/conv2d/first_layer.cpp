// Forward and filter gradient where x has few channels (photographs: 3).  One output row is a task: its input
// rows are copied with their zero padding, and every window row is then s*c floats in a row, broadcast
// straight from there.  Packing such pixels to panels would cost as much as multiplying them.
//
//   forward           y[q][k]    = sum over (r, s*c) of row_r[q*stride*c + e] * filter[r][e][k]   tiles: q x
//   k filter gradient   d[r][e][k] = sum over rows and q of row_r[q*stride*c + e] * dy[q][k]        tiles: e
//   x k
//
// Order of summation: forward r, then s*c ascending, in one go; gradient q ascending in a row, rows in order
// within 16 fixed runs of rows, runs in order.  x and dy may be unaligned; y, workspace and scratch are
// 64-byte aligned.
#include "cpu/conv2d/first_layer.h"

#include "core/parallel.h"
#include "cpu/conv2d/pooled_tiles.h"
#include "cpu/simd/gemm.h"
#include "cpu/simd/partial.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

constexpr int64_t stream_floats = 1 << 20;  // outputs above 4 MiB go past the caches

void copy(float* dst, const float* src, int64_t count) {
  for (int64_t i = 0; i < count; i += vector_floats)
    store_up_to(dst + i, load_up_to(src + i, count - i), count - i);
}
void clear(float* dst, int64_t count) {
  for (int64_t i = 0; i < count; i += vector_floats) store_up_to(dst + i, Vec{}, count - i);
}

// The r input rows under output row (n, p), padded, one behind the other.
void gather_rows(const ConvShape& z, const float* x, int64_t n, int64_t p, float* rows) {
  const int64_t row = first_layer_row(z), before = smaller(z.pad_left * z.c, row);
  const int64_t count = smaller(z.w * z.c, row - before);
  for (int64_t r = 0; r < z.r; ++r, rows += row) {
    const int64_t h = p * z.stride_h + r * z.dilation_h - z.pad_top;
    if (h < 0 || h >= z.h) {
      clear(rows, row);
      continue;
    }
    clear(rows, before);
    copy(rows + before, x + (n * z.h + h) * z.w * z.c, count);
    clear(rows + before + count, row - before - count);
  }
}

struct Rows {  // padded input rows as the tiles read them
  const float* data;
  int64_t pixel, row, windows, window;  // floats to the next output pixel and the next row; r, and s*c
};

template <int rows, int vectors>
__attribute__((noinline)) void forward_tile(const Rows& a, const PanelsOperand& b, const Target& c, int64_t j,
                                            const Epilogue& e) {
  constexpr int bases = (rows + 2) / 3;
  const float* columns[vectors];
  float* target[vectors];
  int64_t left[vectors], column[vectors];
  for (int v = 0; v < vectors; ++v) {
    column[v] = j + v * vector_floats;
    columns[v] = b.data + column_offset(column[v], b.panel_stride);
    target[v] = c.data + column[v];
    left[v] = c.columns - column[v];
  }
  Tile<rows, vectors> tile;
  tile.clear();
  for (int64_t r = 0; r < a.windows; ++r) {
    const float* base[bases];
    for (int i = 0; i < bases; ++i) {
      base[i] = a.data + r * a.row + 3 * i * a.pixel;
      asm("" : "+r"(base[i]));
    }
    FASTCONV_UNROLL(3)
    for (int64_t k = 0; k < a.window; ++k) {
      tile.step([&](int i) { return base[i / 3] + (i % 3) * a.pixel + k; }, columns, 0);
      for (int v = 0; v < vectors; ++v) columns[v] += panel;
    }
  }
  tile.finish(target, left, c.row_stride, column, e);
}

template <int largest, int vectors>
FASTCONV_INLINE void forward_tile_of(int64_t rows, const Rows& a, const PanelsOperand& b, const Target& c,
                                     int64_t j, const Epilogue& e) {
  if constexpr (largest > 1) {
    if (rows < largest) return forward_tile_of<largest - 1, vectors>(rows, a, b, c, j, e);
  }
  forward_tile<largest, vectors>(a, b, c, j, e);
}

// One output row, two vectors of columns: their filters stay in L1.
template <int vectors>
void forward_column(int64_t pixels, Rows a, const PanelsOperand& b, Target c, int64_t j, Epilogue e) {
  while (pixels > 0) {
    const int64_t now = rows_of_next_tile(pixels);
    forward_tile_of<tile_rows, vectors>(now, a, b, c, j, e);
    pixels -= now;
    a.data += now * a.pixel;
    c.data += now * c.row_stride;
    if (e.residual) e.residual += now * c.row_stride;
  }
}

// c[i][k] += sum over pixels of a[pixel*stride + i] * b[pixel][k]
template <int rows, int vectors>
__attribute__((noinline)) void gradient_tile(int64_t pixels, const float* a, int64_t a_stride, const float* b,
                                             int64_t b_stride, float* c, int64_t c_stride) {
  const float* columns[vectors];
  float* target[vectors];
  int64_t left[vectors], column[vectors];
  for (int v = 0; v < vectors; ++v) {
    column[v] = v * vector_floats;
    columns[v] = b + column[v];
    target[v] = c + column[v];
    left[v] = vector_floats;
  }
  Tile<rows, vectors> tile;
  tile.clear();
  FASTCONV_UNROLL(2)
  for (int64_t p = 0; p < pixels; ++p, a += a_stride) {
    tile.step([&](int i) { return a + i; }, columns, 0);
    for (int v = 0; v < vectors; ++v) columns[v] += b_stride;
  }
  Epilogue e;
  e.accumulate = true;
  tile.finish(target, left, c_stride, column, e);
}

template <int largest, int vectors>
FASTCONV_INLINE void gradient_tile_of(int64_t rows, int64_t pixels, const float* a, int64_t a_stride,
                                      const float* b, int64_t b_stride, float* c, int64_t c_stride) {
  if constexpr (largest > 1) {
    if (rows < largest)
      return gradient_tile_of<largest - 1, vectors>(rows, pixels, a, a_stride, b, b_stride, c, c_stride);
  }
  gradient_tile<largest, vectors>(pixels, a, a_stride, b, b_stride, c, c_stride);
}

// All of dfilter's rows for two vectors of columns, from one output row.
template <int vectors>
void gradient_column(const ConvShape& z, const float* rows, const float* dy, int64_t dy_stride, float* sums,
                     int64_t sums_stride) {
  const int64_t window = z.s * z.c, tiles = ceil_div(window, tile_rows);
  for (int64_t r = 0; r < z.r; ++r)
    for (int64_t tile = 0; tile < tiles; ++tile) {  // of equal height: each tile's sums wait for one another
      const int64_t e = window * tile / tiles, end = window * (tile + 1) / tiles;
      gradient_tile_of<tile_rows, vectors>(end - e, z.q, rows + r * first_layer_row(z) + e, z.stride_w * z.c,
                                           dy, dy_stride, sums + (r * window + e) * sums_stride, sums_stride);
    }
}

// Four vectors at a time: each is one chain of additions.
void add_bias(const float* dy, int64_t stride, int64_t pixels, int64_t k, float* sums) {
  constexpr int most = 4;
  for (int64_t j = 0; j < k; j += most * vector_floats) {
    const int vectors = static_cast<int>(smaller<int64_t>(most, (k - j) / vector_floats));
    Vec sum[most] = {};
    for (int64_t p = 0; p < pixels; ++p)
      for (int v = 0; v < most; ++v)
        if (v < vectors) sum[v] += load(dy + p * stride + j + v * vector_floats);
    for (int v = 0; v < vectors; ++v) {
      float* const at = sums + j + v * vector_floats;
      store(at, load(at) + sum[v]);
    }
  }
}

// Sums of all runs, in order, to `count` rows of k floats.
void add_runs(const float* sums, int64_t runs, int64_t run_stride, int64_t stride, int64_t count, int64_t k,
              float* out) {
  for (int64_t i = 0; i < count; ++i)
    for (int64_t j = 0; j < k; j += vector_floats) {
      Vec sum = load(sums + i * stride + j);
      for (int64_t run = 1; run < runs; ++run) sum += load(sums + run * run_stride + i * stride + j);
      store_up_to(out + i * k + j, sum, k - j);
    }
}

// The filter as panels of 16 output channels.
void pack_filter(const ConvShape& z, const float* filter, float* panels) {
  const int64_t depth = first_layer_depth_of(z);
  for (int64_t k = 0; k < z.k; k += panel)
    for (int64_t e = 0; e < depth; ++e)
      for (int v = 0; v < panel; v += vector_floats)
        store(panels + k * depth + e * panel + v, load_up_to(filter + e * z.k + k + v, z.k - k - v));
}

// One output row (n, p) to y: `rows` is scratch for its input rows.
void forward_row(const ConvShape& z, const float* x, int64_t n, int64_t p, const float* filter, float* rows,
                 const Epilogue& epilogue, float* y) {
  gather_rows(z, x, n, p, rows);
  const Rows windows{rows, z.stride_w * z.c, first_layer_row(z), z.r, z.s * z.c};
  const PanelsOperand panels{filter, first_layer_depth_of(z) * panel};
  const Target target{y, z.k, panel, z.k};
  const int64_t padded = round_up(z.k, panel);
  int64_t j = 0;
  for (; j + tile_columns <= padded; j += tile_columns)
    forward_column<2>(z.q, windows, panels, target, j, epilogue);
  if (j < padded) forward_column<1>(z.q, windows, panels, target, j, epilogue);
}

// Two output rows, one behind the other, to one row of windows.
void pool_rows(const ConvShape& z, const float* rows, float* y, uint8_t* argmax) {
  for (int64_t window = 0; window < z.q / 2; ++window)
    for (int64_t k = 0; k < z.k; k += vector_floats) {
      const float* const top = rows + 2 * window * z.k + k;
      const int64_t below = z.q * z.k, left = z.k - k;
      Vec largest;
      VecInt code;
      pool_window({load_up_to(top, left), load_up_to(top + z.k, left), load_up_to(top + below, left),
                   load_up_to(top + below + z.k, left)},
                  &largest, &code);
      store_up_to(y + window * z.k + k, largest, left);
      store_bytes_up_to(argmax + window * z.k + k, code, left);
    }
}

// Row p of the gradient before pooling, `stride` floats a pixel, zeros behind k.
void spread_row(const ConvShape& z, const float* dy, const uint8_t* argmax, int64_t p, int64_t stride,
                float* row) {
  const int64_t windows = p < z.p / 2 * 2 ? z.q / 2 : 0;
  const int32_t first = static_cast<int32_t>(p % 2 * 2);
  for (int64_t window = 0; window < windows; ++window, row += 2 * stride)
    for (int64_t k = 0; k < stride; k += vector_floats) {
      const int64_t at = window * z.k + k;
      const Vec value = load_up_to(dy + at, z.k - k);
      const VecInt code = load_bytes_up_to(argmax + at, z.k - k);
      store(row + k, keep_where(code == first, value));
      store(row + stride + k, keep_where(code == first + 1, value));
    }
  clear(row, (z.q - 2 * windows) * stride);
}

// Runs of output rows, each with sums of its own; dy_row(i, scratch) gives row i of dy, l.k floats a pixel.
template <class DyRow>
void sum_runs(const ConvShape& z, const FirstLayerGradientLayout& l, const float* x, bool with_bias,
              float* workspace, const DyRow& dy_row) {
  const int64_t rows = z.n * z.p, run_floats = first_layer_depth_of(z) * l.k;
  parallel(l.runs, [&](int64_t run, int thread) {
    float* const scratch = static_cast<float*>(thread_scratch(thread));
    float* const sums = workspace + l.sums + run * run_floats;
    float* const bias = workspace + l.bias + run * l.k;
    clear(sums, run_floats);
    clear(bias, l.k);
    for (int64_t i = rows * run / l.runs; i < rows * (run + 1) / l.runs; ++i) {
      gather_rows(z, x, i / z.p, i % z.p, scratch + l.rows);
      const float* const dy = dy_row(i, scratch + l.dy);
      int64_t j = 0;
      for (; j + tile_columns <= l.k; j += tile_columns)
        gradient_column<2>(z, scratch + l.rows, dy + j, l.k, sums + j, l.k);
      for (; j < l.k; j += vector_floats) gradient_column<1>(z, scratch + l.rows, dy + j, l.k, sums + j, l.k);
      if (with_bias) add_bias(dy, l.k, z.q, l.k, bias);
    }
  });
}

void finish_gradient(const ConvShape& z, const FirstLayerGradientLayout& l, bool with_bias,
                     const float* workspace, const Call& call) {
  const int64_t depth = first_layer_depth_of(z);
  add_runs(workspace + l.sums, l.runs, depth * l.k, l.k, depth, z.k,
           static_cast<float*>(call.outputs[0].data));
  if (with_bias)
    add_runs(workspace + l.bias, l.runs, l.k, l.k, 1, z.k, static_cast<float*>(call.outputs[1].data));
}

}  // namespace

void first_layer_forward(const Conv2d& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  const FirstLayerLayout layout = first_layer_layout(z);
  const auto input = [&](int i) { return static_cast<const float*>(call.inputs[i].data); };
  const float* const residual = a.residual ? input(a.bias ? 3 : 2) : nullptr;
  float* const filter = static_cast<float*>(call.workspace) + layout.filter;
  float* const y = static_cast<float*>(call.outputs[0].data);
  pack_filter(z, input(1), filter);
  Epilogue epilogue;
  epilogue.bias = a.bias ? input(2) : nullptr;
  epilogue.relu = a.activation == Activation::relu;
  const bool sigmoid_behind = a.activation == Activation::sigmoid;
  epilogue.stream = !sigmoid_behind && z.pixels() * z.k > stream_floats && z.k % panel == 0 &&
                    reinterpret_cast<uintptr_t>(y) % 64 == 0;
  parallel(z.n * z.p, [&](int64_t task, int thread) {
    float* const rows = static_cast<float*>(thread_scratch(thread)) + layout.rows;
    Epilogue e = epilogue;
    if (residual) e.residual = residual + task * z.q * z.k;
    forward_row(z, input(0), task / z.p, task % z.p, filter, rows, e, y + task * z.q * z.k);
    if (sigmoid_behind) sigmoid_rows(y + task * z.q * z.k, z.q, z.k, z.k);
    if (e.stream) stream_fence();
  });
}

void first_layer_pooled(const Conv2dPooled& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  const FirstLayerLayout layout = first_layer_layout(z, true);
  const auto input = [&](int i) { return static_cast<const float*>(call.inputs[i].data); };
  float* const filter = static_cast<float*>(call.workspace) + layout.filter;
  float* const y = static_cast<float*>(call.outputs[0].data);
  uint8_t* const argmax = static_cast<uint8_t*>(call.outputs[1].data);
  pack_filter(z, input(1), filter);
  Epilogue epilogue;
  epilogue.bias = a.bias ? input(2) : nullptr;
  const int64_t pooled_rows = z.p / 2, row_floats = z.q / 2 * z.k;
  parallel(z.n * pooled_rows, [&](int64_t task, int thread) {
    float* const scratch = static_cast<float*>(thread_scratch(thread));
    float* const outputs = scratch + layout.outputs;
    for (int64_t i = 0; i < 2; ++i)
      forward_row(z, input(0), task / pooled_rows, task % pooled_rows * 2 + i, filter, scratch + layout.rows,
                  epilogue, outputs + i * z.q * z.k);
    pool_rows(z, outputs, y + task * row_floats, argmax + task * row_floats);
  });
}

void first_layer_filter_gradient(const Conv2dFilterGradient& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  const FirstLayerGradientLayout l = first_layer_gradient_layout(z);
  const float* const dy = static_cast<const float*>(call.inputs[1].data);
  float* const workspace = static_cast<float*>(call.workspace);
  sum_runs(z, l, static_cast<const float*>(call.inputs[0].data), a.bias, workspace,
           [&](int64_t i, float* scratch) -> const float* {
             const float* const row = dy + i * z.q * z.k;
             if (l.k == z.k) return row;
             for (int64_t q = 0; q < z.q; ++q)  // whole vectors, zeros behind
               for (int64_t j = 0; j < l.k; j += vector_floats)
                 store(scratch + q * l.k + j, load_up_to(row + q * z.k + j, z.k - j));
             return scratch;
           });
  finish_gradient(z, l, a.bias, workspace, call);
}

void first_layer_pooled_filter_gradient(const Conv2dPooledFilterGradient& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  const FirstLayerGradientLayout l = first_layer_gradient_layout(z, true);
  const float* const dy = static_cast<const float*>(call.inputs[1].data);
  const uint8_t* const argmax = static_cast<const uint8_t*>(call.inputs[2].data);
  float* const workspace = static_cast<float*>(call.workspace);
  const int64_t row_floats = z.q / 2 * z.k;
  sum_runs(z, l, static_cast<const float*>(call.inputs[0].data), a.bias, workspace,
           [&](int64_t i, float* scratch) -> const float* {
             const int64_t p = i % z.p, at = (i / z.p * (z.p / 2) + p / 2) * row_floats;
             spread_row(z, dy + at, argmax + at, p, l.k, scratch);
             return scratch;
           });
  finish_gradient(z, l, a.bias, workspace, call);
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
