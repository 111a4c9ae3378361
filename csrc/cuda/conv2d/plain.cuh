// Convolutions as plain loops, a thread an output: the last row of every list, which takes every geometry.
// Sums in float32, upwards over (r, s, channel) or the pixels.
// `dy(pixel, k)` gives the gradient at a pixel counted over (n, p, q): read, or spread from a pooled one.
#pragma once
#include "primitives/conv2d_shape.h"

#include "cuda/kernel.cuh"

namespace fastconv {
namespace {

constexpr int plain_threads = 128;

__device__ float plain_forward(const ConvShape& z, const float* x, const float* filter, int64_t n, int64_t p,
                               int64_t q, int64_t k) {
  const int64_t group_c = z.c / z.groups, group_k = z.k / z.groups, first_c = k / group_k * group_c;
  float sum = 0.0f;
  for (int64_t r = 0; r < z.r; ++r)
    for (int64_t s = 0; s < z.s; ++s) {
      const int64_t h = p * z.stride_h + r * z.dilation_h - z.pad_top;
      const int64_t w = q * z.stride_w + s * z.dilation_w - z.pad_left;
      if (h < 0 || h >= z.h || w < 0 || w >= z.w) continue;
      const float* pixel = x + ((n * z.h + h) * z.w + w) * z.c + first_c;
      const float* tap = filter + (r * z.s + s) * group_c * z.k + k;
      for (int64_t c = 0; c < group_c; ++c) sum = fmaf(pixel[c], tap[c * z.k], sum);
    }
  return sum;
}

template <class Gradient>
__device__ float plain_input_gradient(const ConvShape& z, const Gradient& dy, const float* filter, int64_t n,
                                      int64_t h, int64_t w, int64_t c) {
  const int64_t group_c = z.c / z.groups, group_k = z.k / z.groups, first_k = c / group_c * group_k;
  float sum = 0.0f;
  for (int64_t r = 0; r < z.r; ++r)
    for (int64_t s = 0; s < z.s; ++s) {
      const int64_t at_h = h + z.pad_top - r * z.dilation_h, at_w = w + z.pad_left - s * z.dilation_w;
      if (at_h < 0 || at_w < 0 || at_h % z.stride_h || at_w % z.stride_w) continue;
      const int64_t p = at_h / z.stride_h, q = at_w / z.stride_w;
      if (p >= z.p || q >= z.q) continue;
      const float* tap = filter + ((r * z.s + s) * group_c + c % group_c) * z.k + first_k;
      for (int64_t k = 0; k < group_k; ++k) sum = fmaf(dy((n * z.p + p) * z.q + q, first_k + k), tap[k], sum);
    }
  return sum;
}

template <class Gradient>
__global__ void __launch_bounds__(plain_threads)
    plain_filter_kernel(ConvShape z, const float* x, Gradient dy, float* dfilter, uint32_t count) {
  const uint32_t i = blockIdx.x * plain_threads + threadIdx.x;
  if (i >= count) return;
  const int64_t group_c = z.c / z.groups, k = i % z.k, row = i / z.k, tap = row / group_c;
  const int64_t c = k / (z.k / z.groups) * group_c + row % group_c, r = tap / z.s, s = tap % z.s;
  float sum = 0.0f;
  for (int64_t np = 0; np < z.n * z.p; ++np) {
    const int64_t h = np % z.p * z.stride_h + r * z.dilation_h - z.pad_top;
    if (h < 0 || h >= z.h) continue;
    const float* const row_of_x = x + (np / z.p * z.h + h) * z.w * z.c + c;
    for (int64_t q = 0; q < z.q; ++q) {
      const int64_t w = q * z.stride_w + s * z.dilation_w - z.pad_left;
      if (w >= 0 && w < z.w) sum = fmaf(row_of_x[w * z.c], dy(np * z.q + q, k), sum);
    }
  }
  dfilter[i] = sum;
}

template <class Gradient>
__global__ void __launch_bounds__(plain_threads)
    plain_bias_kernel(int64_t pixels, Gradient dy, float* dbias, uint32_t count) {
  const uint32_t k = blockIdx.x * plain_threads + threadIdx.x;
  if (k >= count) return;
  float sum = 0.0f;
  for (int64_t pixel = 0; pixel < pixels; ++pixel) sum += dy(pixel, k);
  dbias[k] = sum;
}

template <class Gradient>
void plain_filter_gradient(const ConvShape& z, const float* x, const Gradient& dy, float* dfilter,
                           float* dbias, cudaStream_t stream) {
  const uint32_t count = static_cast<uint32_t>(z.r * z.s * z.group_c() * z.k);
  launch(plain_filter_kernel<Gradient>, blocks_for(count, plain_threads), plain_threads, 0, stream, z, x, dy,
         dfilter, count);
  if (dbias)
    launch(plain_bias_kernel<Gradient>, blocks_for(z.k, plain_threads), plain_threads, 0, stream, z.pixels(),
           dy, dbias, static_cast<uint32_t>(z.k));
}

struct PlainGradient {
  const float* dy;
  int64_t channels;
  __device__ float operator()(int64_t pixel, int64_t k) const { return dy[pixel * channels + k]; }
};

// The gradient before 2x2 pooling, from the pooled one and its argmax.
struct PooledGradient {
  const float* dy;
  const uint8_t* argmax;
  int64_t p, q, k;  // before pooling
  __device__ float operator()(int64_t pixel, int64_t channel) const {
    const int64_t n = pixel / (p * q), row = pixel / q % p, column = pixel % q;
    if (row / 2 >= p / 2 || column / 2 >= q / 2) return 0.0f;
    const int64_t at = ((n * (p / 2) + row / 2) * (q / 2) + column / 2) * k + channel;
    return argmax[at] == row % 2 * 2 + column % 2 ? dy[at] : 0.0f;
  }
};

// Of the pooled gradients, whose input `argmax` is made of bytes.
inline Refusal refuse_other_than_pooled(const Signature& step, int argmax) {
  for (int i = 0; i < step.input_count; ++i) {
    const DType wanted = i == argmax ? DType::uint8 : DType::float32;
    if (step.inputs[i].dtype != wanted)
      return "input " + std::to_string(i) + " is " + dtype_name(step.inputs[i].dtype) + "; this one needs " +
             dtype_name(wanted);
  }
  return needs_31_bits(step);
}

}  // namespace
}  // namespace fastconv
