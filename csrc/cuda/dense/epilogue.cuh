// What the rows of dense and its gradients share: which tensors they take, and what happens to a finished sum.
#pragma once
#include "cuda/activation.cuh"
#include "cuda/kernel.cuh"
#include "primitives/dense.h"

namespace fastconv {
namespace dense {

// y[i, j] = activation(sum + bias[j] + residual[i, j]); bias and residual may be null.
struct Epilogue {
  float* y;
  uint32_t columns;
  const float* bias = nullptr;
  const float* residual = nullptr;
  Activation activation = Activation::none;

  __device__ __forceinline__ void operator()(uint32_t i, uint32_t j, float sum) const {
    const uint32_t at = i * columns + j;
    if (bias) sum += bias[j];
    if (residual) sum += residual[at];
    y[at] = activate(activation, sum);
  }
};

// Everything moved once at 1 TB/s, and the products at `flops` a second.
inline double product_cost(const Signature& step, double depth, double flops) {
  double bytes = static_cast<double>(byte_count(step.outputs[0]));
  for (int i = 0; i < step.input_count; ++i) bytes += static_cast<double>(byte_count(step.inputs[i]));
  return 3e-6 + bytes * 1e-12 + 2 * depth * static_cast<double>(element_count(step.outputs[0])) / flops;
}

}  // namespace dense
}  // namespace fastconv
