// dense and its two gradients.  Axes: x (m,k), w (k,n), y (m,n).
//   y = activation(x w + bias[n] + residual[m,n])
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

// inputs: x, w, then bias (n) if `bias`, then residual (m,n) if `residual`; output: y
struct Dense {
  static constexpr const char* stem = "dense";
  bool bias;
  bool residual;
  Activation activation;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("bias", bias);
    visit("residual", residual);
    visit("activation", activation);
  }
};

// inputs: dy (m,n), w; output: dx (m,k)
struct DenseInputGradient {
  static constexpr const char* stem = "dense_input_gradient";
  template <class Visitor>
  void fields(Visitor&) {}
};

// inputs: x, dy; outputs: dw (k,n), then dbias (n) = sum of dy over m if `bias`
struct DenseWeightGradient {
  static constexpr const char* stem = "dense_weight_gradient";
  bool bias;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("bias", bias);
  }
};

}  // namespace fastconv
