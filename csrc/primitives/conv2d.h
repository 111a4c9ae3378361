// conv2d and its two gradients.  Axes: x (n,h,w,c), filter (r,s,c/groups,k), y (n,p,q,k).
//   y[n,p,q,k] = activation( sum_{r,s,c} x[n, p*stride_h + r*dilation_h - pad_top, ...] * filter[r,s,c,k]
//                            + bias[k] + residual[n,p,q,k] )
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

// Geometry shared by the three; padding already resolved to four numbers of pixels.
struct ConvGeometry {
  int64_t stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_bottom, pad_left, pad_right, groups;
  template <class Visitor>
  void geometry_fields(Visitor& visit) {
    visit("stride_h", stride_h);
    visit("stride_w", stride_w);
    visit("dilation_h", dilation_h);
    visit("dilation_w", dilation_w);
    visit("pad_top", pad_top);
    visit("pad_bottom", pad_bottom);
    visit("pad_left", pad_left);
    visit("pad_right", pad_right);
    visit("groups", groups);
  }
};

// inputs: x, filter, then bias (k) if `bias`, then residual (n,p,q,k) if `residual`; output: y
struct Conv2d : ConvGeometry {
  static constexpr const char* stem = "conv2d";
  bool bias, residual;
  Activation activation;
  template <class Visitor>
  void fields(Visitor& visit) {
    geometry_fields(visit);
    visit("bias", bias);
    visit("residual", residual);
    visit("activation", activation);
  }
};

// inputs: dy (n,p,q,k), filter; output: dx (n,input_h,input_w,c)
struct Conv2dInputGradient : ConvGeometry {
  static constexpr const char* stem = "conv2d_input_gradient";
  int64_t input_h, input_w;
  template <class Visitor>
  void fields(Visitor& visit) {
    geometry_fields(visit);
    visit("input_h", input_h);
    visit("input_w", input_w);
  }
};

// inputs: x, dy; outputs: dfilter (filter_h,filter_w,c/groups,k), then dbias (k) = sum of dy over n,p,q if `bias`
struct Conv2dFilterGradient : ConvGeometry {
  static constexpr const char* stem = "conv2d_filter_gradient";
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
