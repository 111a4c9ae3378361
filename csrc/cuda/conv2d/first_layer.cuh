// Convolutions of up to four channels, where a matrix product would gather element by element: rows of x are staged in
// shared memory once, channel by channel, and read from there along the row.
//
// A staged row is taken apart into planes, one for each channel and each residue of the column modulo the stride:
//
//   x, stride 2, 3 channels    r g b R G B r g b R G B ...       padding is staged as zeros
//   plane (r, residue 0)       r r r ...     pixel q's tap s of a filter is element q + s / stride
//   plane (r, residue 1)       R R R ...     of the plane of residue s % stride
//
// so that pixels side by side read elements side by side, whatever the stride: a window of them serves all `shifts` taps
// of a plane for a strip of pixels.  A tap is a plane of the filter, (r, channel, residue), and a shift.  The planes of a
// staged row lie one behind the other, `plane_width` floats each: plane i of the filter begins i * plane_width behind the
// first one of the row that the pixel begins at.
#pragma once
#include <string>

#include "primitives/conv2d_shape.h"

#include "cuda/kernel.cuh"

namespace fastconv {
namespace {

constexpr int64_t most_first_channels = 4, most_shifts = 7;
constexpr int64_t most_staged_bytes = 44 * 1024;  // two to five blocks on a multiprocessor

struct FirstLayer {
  int height, width, channels, p, q, k;
  int stride_h, stride_w, pad_top, pad_left, filter_h, filter_w;
  int residues, row_planes, planes;  // of the columns; planes of a row of x; of the filter
  int extra_planes;                  // zeros behind the last row, where taps are worked through in groups
  int plane_width;
  int strips;             // of a row of y
  int rows, staged_rows;  // of y in a chunk, of x for them
  int chunks;             // of an image
  FastDiv by_channels, by_stride, by_strips, by_chunks;

  __host__ __device__ int staged_floats() const {
    return (staged_rows * row_planes + extra_planes) * plane_width;
  }
};

inline int64_t shifts_of(const ConvShape& z) { return ceil_div(z.s, z.stride_w); }
inline int64_t planes_of(const ConvShape& z) { return z.r * z.c * smaller(z.stride_w, z.s); }

// `strip`: pixels of y side by side that a thread works on; `group`: planes that it works on at a time.
inline FirstLayer first_layer(const ConvShape& z, int strip, int shifts, int group) {
  const auto divisor = [](int64_t d) { return FastDiv(static_cast<uint32_t>(larger<int64_t>(d, 1))); };
  FirstLayer f{};
  f.height = z.h, f.width = z.w, f.channels = z.c, f.p = z.p, f.q = z.q, f.k = z.k;
  f.stride_h = z.stride_h, f.stride_w = z.stride_w, f.pad_top = z.pad_top, f.pad_left = z.pad_left;
  f.filter_h = z.r, f.filter_w = z.s;
  f.residues = smaller(z.stride_w, z.s), f.row_planes = z.c * f.residues, f.planes = planes_of(z);
  f.extra_planes = round_up(f.planes, group) - f.planes;
  f.strips = ceil_div(z.q, strip);
  f.plane_width = f.strips * strip + round_up(shifts - 1, 4);
  const auto take_rows = [&](int64_t rows) {
    f.rows = rows, f.chunks = ceil_div(z.p, rows);
    f.staged_rows = (rows - 1) * z.stride_h + z.r;
  };
  // Rows for a few strips a thread, fewer where that leaves few blocks or memory does not suffice.
  take_rows(larger<int64_t>(1, smaller<int64_t>(z.p, ceil_div(512 / strip, f.strips))));
  while (f.rows > 1 && (f.staged_floats() * int64_t{4} > most_staged_bytes ||
                        (f.rows * f.strips * strip > 256 && z.n * f.chunks < 512)))
    take_rows(ceil_div(f.rows, 2));
  f.by_channels = divisor(z.c), f.by_stride = divisor(z.stride_w);
  f.by_strips = divisor(f.strips), f.by_chunks = divisor(f.chunks);
  return f;
}

inline Refusal refuse_other_than_first(const ConvShape& z) {
  const auto refuse = [](const std::string& came, int64_t most) -> Refusal {
    return came + "; this one takes up to " + std::to_string(most);
  };
  if (z.groups > 1) return refuse(std::to_string(z.groups) + " groups", 1);
  if (z.c > most_first_channels) return refuse(std::to_string(z.c) + " channels", most_first_channels);
  if (z.dilation_h > 1 || z.dilation_w > 1)
    return refuse("a dilation of " + std::to_string(larger(z.dilation_h, z.dilation_w)), 1);
  if (shifts_of(z) > most_shifts)
    return refuse("a filter over " + std::to_string(shifts_of(z)) + " strides", most_shifts);
  const int64_t row_bytes = (z.r + 1) * z.c * smaller(z.stride_w, z.s) * (z.q + 24) * int64_t{4};
  if (row_bytes > most_staged_bytes)
    return refuse(std::to_string(row_bytes) + " bytes of rows that a pixel needs", most_staged_bytes);
  return std::nullopt;
}

// Rows of x for the rows of y from `first_row` on, by all threads of the block.
__device__ __forceinline__ void stage_rows(const FirstLayer& f, const float* x, int image, int first_row,
                                           float* planes) {
  const int lane = threadIdx.x % 32, warps = blockDim.x / 32;
  const int elements = f.plane_width * f.stride_w * f.channels, padding = f.pad_left * f.channels;
  for (int row = threadIdx.x / 32; row < f.staged_rows; row += warps) {
    const int h = first_row * f.stride_h - f.pad_top + row, row_elements = f.width * f.channels;
    const int inside = h >= 0 && h < f.height ? row_elements : 0;
    const float* const from = x + (image * f.height + (inside ? h : 0)) * row_elements;
    float* const to = planes + row * f.row_planes * f.plane_width;
#pragma unroll 4
    for (int e = lane; e < elements; e += 32) {
      const int column = f.by_channels.divide(e), channel = e - column * f.channels;
      const int at = f.by_stride.divide(column), residue = column - at * f.stride_w, i = e - padding;
      const float value = static_cast<unsigned>(i) < static_cast<unsigned>(inside) ? from[i] : 0.0f;
      if (residue < f.residues) to[(channel * f.residues + residue) * f.plane_width + at] = value;
    }
  }
}

// FLOATS side by side from a multiple of 16 bytes on.
template <int FLOATS>
__device__ __forceinline__ void load_window(const float* from, float (&to)[FLOATS]) {
#pragma unroll
  for (int i = 0; i + 4 <= FLOATS; i += 4) {
    const float4 four = *reinterpret_cast<const float4*>(from + i);
    to[i] = four.x, to[i + 1] = four.y, to[i + 2] = four.z, to[i + 3] = four.w;
  }
  constexpr int fours = FLOATS / 4 * 4;
  if constexpr (FLOATS % 4 >= 2) {
    const float2 two = *reinterpret_cast<const float2*>(from + fours);
    to[fours] = two.x, to[fours + 1] = two.y;
  }
  if constexpr (FLOATS % 2 == 1) to[FLOATS - 1] = from[FLOATS - 1];
}

__device__ __forceinline__ void add_product(float4& sum, float a, const float4& b) {
  sum.x = fmaf(a, b.x, sum.x);
  sum.y = fmaf(a, b.y, sum.y);
  sum.z = fmaf(a, b.z, sum.z);
  sum.w = fmaf(a, b.w, sum.w);
}

}  // namespace
}  // namespace fastconv
