// Probabilities as the cross-entropies clip them: to [1e-7, 1 - 1e-7], as in Keras, so that no logarithm is infinite.
#pragma once

namespace fastconv {

constexpr float lowest_probability = 1e-7f, highest_probability = 1.0f - 1e-7f;

// Comparisons, not fminf and fmaxf, which lose NaN.
__device__ __forceinline__ float clipped(float p) {
  return p < lowest_probability ? lowest_probability : p > highest_probability ? highest_probability : p;
}

__device__ __forceinline__ bool within(float p) {  // NaN counts as within
  return !(p < lowest_probability || p > highest_probability);
}

}  // namespace fastconv
