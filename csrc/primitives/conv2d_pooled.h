// conv2d_pooled: y = max over 2x2 windows, 2 apart, of relu(conv2d + bias); and its two gradients.
// argmax (uint8, of y's shape): 0..3, which pixel of the window was the largest (the first of equal ones, NaN
// counts as largest); 4 where y is not above 0, so that no gradient passes.
#pragma once
#include "primitives/conv2d.h"

namespace fastconv {

constexpr int32_t pooled_no_gradient = 4;

// inputs: x, filter, then bias (k) if `bias`; outputs: y (n,p/2,q/2,k), argmax
struct Conv2dPooled : ConvGeometry {
  static constexpr const char* stem = "conv2d_pooled";
  bool bias;
  template <class Visitor>
  void fields(Visitor& visit) {
    geometry_fields(visit);
    visit("bias", bias);
  }
};

// inputs: dy (n,p/2,q/2,k), argmax, filter; output: dx (n,input_h,input_w,c)
struct Conv2dPooledInputGradient : ConvGeometry {
  static constexpr const char* stem = "conv2d_pooled_input_gradient";
  int64_t input_h, input_w;
  template <class Visitor>
  void fields(Visitor& visit) {
    geometry_fields(visit);
    visit("input_h", input_h);
    visit("input_w", input_w);
  }
};

// inputs: x, dy, argmax; outputs: dfilter, then dbias (k) if `bias`
struct Conv2dPooledFilterGradient : ConvGeometry {
  static constexpr const char* stem = "conv2d_pooled_filter_gradient";
  int64_t filter_h, filter_w;
  bool bias;
  template <class Visitor>
  void fields(Visitor& visit) {
    geometry_fields(visit);
    visit("filter_h", filter_h);
    visit("filter_w", filter_w);
    visit("bias", bias);
  }
};

}  // namespace fastconv
