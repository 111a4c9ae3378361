// max_pool2d and its gradient.  Axes: x (n,h,w,c) -> y, argmax (n,p,q,c).
//   y[n,p,q,c] = max over r,s of x[n, p*stride_h + r - pad_top, q*stride_w + s - pad_left, c]
// Pixels of the padding never win.  argmax (uint8) is r*window_w + s of the first maximum; a NaN is a
// maximum.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

// In pixels, padding already resolved; at most 255 pixels a window, and no window without a pixel of the
// image.
struct PoolGeometry {
  int64_t window_h, window_w, stride_h, stride_w, pad_top, pad_bottom, pad_left, pad_right;
  template <class Visitor>
  void geometry_fields(Visitor& visit) {
    visit("window_h", window_h);
    visit("window_w", window_w);
    visit("stride_h", stride_h);
    visit("stride_w", stride_w);
    visit("pad_top", pad_top);
    visit("pad_bottom", pad_bottom);
    visit("pad_left", pad_left);
    visit("pad_right", pad_right);
  }
};

// input: x; outputs: y, argmax
struct MaxPool2d : PoolGeometry {
  static constexpr const char* stem = "max_pool2d";
  template <class Visitor>
  void fields(Visitor& visit) {
    geometry_fields(visit);
  }
};

// inputs: dy, argmax, then y if `relu`; output: dx (n,input_h,input_w,c), the sum over the windows that took
// the pixel.  relu: also the gradient of a ReLU before the pooling, 0 where y <= 0.
struct MaxPool2dGradient : PoolGeometry {
  static constexpr const char* stem = "max_pool2d_gradient";
  int64_t input_h, input_w;
  bool relu;
  template <class Visitor>
  void fields(Visitor& visit) {
    geometry_fields(visit);
    visit("input_h", input_h);
    visit("input_w", input_w);
    visit("relu", relu);
  }
};

}  // namespace fastconv
