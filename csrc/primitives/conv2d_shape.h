// The sizes of one convolution, from its attributes and tensors, whole-number arithmetic over them, and how a workspace is
// shared out: what the devices' rows begin with.  Narrow code and the processor's wide units include this; the unnamed
// namespace gives every unit a copy of its own, so that the linker never keeps a wide one for all.
#pragma once
#include "core/tensor.h"
#include "primitives/conv2d.h"
#include "primitives/conv2d_pooled.h"

namespace fastconv {
namespace {

struct ConvShape : ConvGeometry {
  int64_t n, h, w, c, p, q, k, r, s;
  int64_t group_c() const { return c / groups; }
  int64_t group_k() const { return k / groups; }
  int64_t pixels() const { return n * p * q; }
  double flops() const {
    return 2.0 * static_cast<double>(n) * static_cast<double>(p * q) * static_cast<double>(r * s) *
           static_cast<double>(group_c()) * static_cast<double>(k);
  }
  bool is_unit_3x3() const {  // what Winograd's F(4x4, 3x3) computes
    return r == 3 && s == 3 && stride_h == 1 && stride_w == 1 && dilation_h == 1 && dilation_w == 1 &&
           groups == 1;
  }
};

inline ConvShape conv_shape(const ConvGeometry& geometry, const int64_t* x, const int64_t* y, int64_t r,
                            int64_t s) {
  return {geometry, x[0], x[1], x[2], x[3], y[1], y[2], y[3], r, s};
}

// Of tensors (at run time) or of their descriptions (when a row is chosen): both have what `dims_of` returns.
inline const int64_t* dims_of(const Tensor& tensor) { return tensor.desc.dims; }
inline const int64_t* dims_of(const TensorDesc& desc) { return desc.dims; }

template <class Step>
ConvShape shape_of(const Conv2d& a, const Step& step) {
  const int64_t* filter = dims_of(step.inputs[1]);
  return conv_shape(a, dims_of(step.inputs[0]), dims_of(step.outputs[0]), filter[0], filter[1]);
}
template <class Step>
ConvShape shape_of(const Conv2dInputGradient& a, const Step& step) {
  const int64_t* filter = dims_of(step.inputs[1]);
  return conv_shape(a, dims_of(step.outputs[0]), dims_of(step.inputs[0]), filter[0], filter[1]);
}
template <class Step>
ConvShape shape_of(const Conv2dFilterGradient& a, const Step& step) {
  return conv_shape(a, dims_of(step.inputs[0]), dims_of(step.inputs[1]), a.filter_h, a.filter_w);
}

// The convolution inside of a pooled one: the sizes before pooling.
inline ConvShape unpooled_shape(const ConvGeometry& g, int64_t n, int64_t h, int64_t w, int64_t c, int64_t r,
                                int64_t s, int64_t k) {
  const int64_t p = (h + g.pad_top + g.pad_bottom - (r - 1) * g.dilation_h - 1) / g.stride_h + 1;
  const int64_t q = (w + g.pad_left + g.pad_right - (s - 1) * g.dilation_w - 1) / g.stride_w + 1;
  return {g, n, h, w, c, p, q, k, r, s};
}
template <class Step>
ConvShape shape_of(const Conv2dPooled& a, const Step& step) {
  const int64_t *x = dims_of(step.inputs[0]), *filter = dims_of(step.inputs[1]);
  return unpooled_shape(a, x[0], x[1], x[2], x[3], filter[0], filter[1], filter[3]);
}
template <class Step>
ConvShape shape_of(const Conv2dPooledInputGradient& a, const Step& step) {
  const int64_t *dx = dims_of(step.outputs[0]), *filter = dims_of(step.inputs[2]);
  return unpooled_shape(a, dx[0], dx[1], dx[2], dx[3], filter[0], filter[1], filter[3]);
}
template <class Step>
ConvShape shape_of(const Conv2dPooledFilterGradient& a, const Step& step) {
  const int64_t *x = dims_of(step.inputs[0]), *dy = dims_of(step.inputs[1]);
  return unpooled_shape(a, x[0], x[1], x[2], x[3], a.filter_h, a.filter_w, dy[3]);
}

template <class Number>
Number smaller(Number a, Number b) {
  return a < b ? a : b;
}
template <class Number>
Number larger(Number a, Number b) {
  return a > b ? a : b;
}
inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t round_up(int64_t a, int64_t multiple) { return ceil_div(a, multiple) * multiple; }
// Hands out pieces of one block: offsets in floats, each on a line of its own.  A size that does not fit
// size_t stays at the largest one, and the allocation reports it.
class Layout {
 public:
  size_t take(int64_t count, int64_t times = 1) {
    size_t floats = 0, end = 0;
    if (__builtin_mul_overflow(static_cast<size_t>(count), static_cast<size_t>(times), &floats) ||
        __builtin_add_overflow(floats_, floats, &end) || end > largest)
      end = largest;
    const size_t start = floats_;
    floats_ = (end + 15) / 16 * 16;
    return start;
  }
  size_t bytes() const { return floats_ * sizeof(float); }

 private:
  static constexpr size_t largest = SIZE_MAX / 8;
  size_t floats_ = 0;
};

}  // namespace
}  // namespace fastconv
