// The activations that epilogues apply.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

// fmaxf would turn NaN into 0.
__device__ __forceinline__ float activate(Activation activation, float x) {
  if (activation == Activation::relu) return x < 0.0f ? 0.0f : x;
  if (activation == Activation::sigmoid) return sigmoid(x);
  return x;
}

}  // namespace fastconv
