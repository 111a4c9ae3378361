// Convolution as a matrix product over gathered pixels: which input pixel each output pixel meets at each
// tap. Serves the forward pass and, one residue of the strides at a time, the input gradient:
//
//   out[n, i*out_step + out_first, ...] = sum over taps t of in[n, i*in_stride + offset(t), ...] *
//   filter[tap(t)]
#pragma once
#include "primitives/conv2d_shape.h"

namespace fastconv {
namespace {

// One spatial axis.  Its taps are filter rows first, first + step, ..., each with its offset in the input.
struct GatherAxis {
  int64_t taps, tap_first, tap_step, offset_first, offset_step;
  int64_t in_size, in_stride;
  int64_t grid, out_size, out_step, out_first;

  int64_t tap(int64_t t) const { return tap_first + t * tap_step; }
  int64_t offset(int64_t t) const { return offset_first + t * offset_step; }
};

struct Gather {
  int64_t n;
  GatherAxis rows, cols;
  int64_t groups, in_channels, out_channels;  // of all groups
  int64_t filter_cols, filter_c, filter_k;    // the filter's s, c/groups, k
  bool filter_transposed;                     // sums over the filter's k (input gradient)

  int64_t channels() const { return in_channels / groups; }
  int64_t columns() const { return out_channels / groups; }
  int64_t taps() const { return rows.taps * cols.taps; }
  int64_t depth() const { return taps() * channels(); }
  int64_t pixels() const { return n * rows.grid * cols.grid; }
  // Output pixels lie behind one another, in the order of the grid.
  bool out_is_dense() const { return rows.out_step == 1 && cols.out_step == 1; }
  // The input's pixels are the rows of the product as they are: 1x1, stride 1.
  bool in_is_dense() const {
    return taps() == 1 && rows.in_stride == 1 && cols.in_stride == 1 && rows.offset_first == 0 &&
           cols.offset_first == 0 && rows.grid == rows.in_size && cols.grid == cols.in_size;
  }
};

inline GatherAxis forward_axis(int64_t in, int64_t out, int64_t taps, int64_t stride, int64_t dilation,
                               int64_t pad) {
  return {taps, 0, 1, -pad, dilation, in, stride, out, out, 1, 0};
}

inline Gather forward_gather(const ConvShape& z) {
  return {z.n,
          forward_axis(z.h, z.p, z.r, z.stride_h, z.dilation_h, z.pad_top),
          forward_axis(z.w, z.q, z.s, z.stride_w, z.dilation_w, z.pad_left),
          z.groups,
          z.c,
          z.k,
          z.s,
          z.group_c(),
          z.k,
          false};
}

// dx row h = i*stride + residue meets filter row t at dy row (h + pad - t*dilation) / stride, where that is
// whole.
inline GatherAxis gradient_axis(int64_t in, int64_t out, int64_t taps, int64_t stride, int64_t dilation,
                                int64_t pad, int64_t residue) {
  GatherAxis axis{0,  0,      1,      0, 0, out, 1, residue < in ? ceil_div(in - residue, stride) : 0,
                  in, stride, residue};
  for (int64_t t = 0; t < taps; ++t) {
    const int64_t position = residue + pad - t * dilation;
    if (position % stride != 0) continue;
    if (axis.taps == 0) {
      axis.tap_first = t;
      axis.offset_first = position / stride;
    } else if (axis.taps == 1) {
      axis.tap_step = t - axis.tap_first;
      axis.offset_step = position / stride - axis.offset_first;
    }
    ++axis.taps;
  }
  return axis;
}

inline Gather gradient_gather(const ConvShape& z, int64_t residue_h, int64_t residue_w) {
  return {z.n,
          gradient_axis(z.h, z.p, z.r, z.stride_h, z.dilation_h, z.pad_top, residue_h),
          gradient_axis(z.w, z.q, z.s, z.stride_w, z.dilation_w, z.pad_left, residue_w),
          z.groups,
          z.k,
          z.c,
          z.s,
          z.group_c(),
          z.k,
          true};
}

}  // namespace
}  // namespace fastconv
