// What follows the product in dense: bias, residual, activation, the store.
#pragma once
#include "core/tensor.h"
#include "cpu/simd/math.h"
#include "cpu/simd/partial.h"
#include "primitives/dense.h"

namespace fastconv {
namespace FASTCONV_SIMD {

struct DenseFinish {
  const float *bias, *residual;  // null: none
  float* y;
  int64_t n;
  Activation activation;

  FASTCONV_INLINE DenseFinish(const Dense& a, const Call& call)
      : bias(a.bias ? static_cast<const float*>(call.inputs[2].data) : nullptr),
        residual(a.residual ? static_cast<const float*>(call.inputs[a.bias ? 3 : 2].data) : nullptr),
        y(static_cast<float*>(call.outputs[0].data)),
        n(call.outputs[0].desc.dims[1]),
        activation(a.activation) {}

  // `sum` holds columns j.. of row i.
  FASTCONV_INLINE void operator()(Vec sum, int64_t i, int64_t j) const {
    const int64_t left = n - j;
    if (bias) sum += load_up_to(bias + j, left);
    if (residual) sum += load_up_to(residual + i * n + j, left);
    if (activation == Activation::relu) sum = max_keep_nan(sum, Vec{});
    if (activation == Activation::sigmoid) sum = sigmoid(sum);
    store_up_to(y + i * n + j, sum, left);
  }
};

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
