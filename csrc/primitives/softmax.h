// softmax and its gradient over the last axis.
//   y = exp(x) / sum exp(x)        dx = y * (dy - sum dy * y)
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Softmax {
  static constexpr const char* stem = "softmax";
  template <class Visitor>
  void fields(Visitor&) {}
};

// inputs: dy, y; output: dx
struct SoftmaxGradient {
  static constexpr const char* stem = "softmax_gradient";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
