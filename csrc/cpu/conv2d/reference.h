// The formulas as plain loops with sums in double: the last row of every list.  Narrow code only.
// `dy(pixel, k)` gives the gradient at a pixel counted over (n, p, q): read, or spread from a pooled one.
#pragma once
#include "primitives/conv2d_shape.h"

namespace fastconv {
namespace {

[[maybe_unused]] double forward_sum(const ConvShape& z, const float* x, const float* filter, int64_t n,
                                    int64_t p, int64_t q, int64_t k) {
  const int64_t first_c = k / z.group_k() * z.group_c();
  double sum = 0.0;
  for (int64_t r = 0; r < z.r; ++r)
    for (int64_t s = 0; s < z.s; ++s) {
      const int64_t h = p * z.stride_h + r * z.dilation_h - z.pad_top;
      const int64_t w = q * z.stride_w + s * z.dilation_w - z.pad_left;
      if (h < 0 || h >= z.h || w < 0 || w >= z.w) continue;
      const float* pixel = x + ((n * z.h + h) * z.w + w) * z.c + first_c;
      const float* tap = filter + (r * z.s + s) * z.group_c() * z.k + k;
      for (int64_t c = 0; c < z.group_c(); ++c) sum += static_cast<double>(pixel[c]) * tap[c * z.k];
    }
  return sum;
}

template <class Gradient>
double input_gradient_sum(const ConvShape& z, const Gradient& dy, const float* filter, int64_t n, int64_t h,
                          int64_t w, int64_t c) {
  const int64_t group = c / z.group_c(), first_k = group * z.group_k();
  double sum = 0.0;
  for (int64_t r = 0; r < z.r; ++r)
    for (int64_t s = 0; s < z.s; ++s) {
      const int64_t at_h = h + z.pad_top - r * z.dilation_h, at_w = w + z.pad_left - s * z.dilation_w;
      if (at_h < 0 || at_w < 0 || at_h % z.stride_h || at_w % z.stride_w) continue;
      const int64_t p = at_h / z.stride_h, q = at_w / z.stride_w;
      if (p >= z.p || q >= z.q) continue;
      const float* tap = filter + ((r * z.s + s) * z.group_c() + c % z.group_c()) * z.k + first_k;
      for (int64_t k = 0; k < z.group_k(); ++k)
        sum += static_cast<double>(dy((n * z.p + p) * z.q + q, first_k + k)) * tap[k];
    }
  return sum;
}

template <class Gradient>
double filter_gradient_sum(const ConvShape& z, const float* x, const Gradient& dy, int64_t r, int64_t s,
                           int64_t c, int64_t k) {
  const int64_t at_c = k / z.group_k() * z.group_c() + c;
  double sum = 0.0;
  for (int64_t pixel = 0; pixel < z.pixels(); ++pixel) {
    const int64_t n = pixel / (z.p * z.q), p = pixel / z.q % z.p, q = pixel % z.q;
    const int64_t h = p * z.stride_h + r * z.dilation_h - z.pad_top;
    const int64_t w = q * z.stride_w + s * z.dilation_w - z.pad_left;
    if (h < 0 || h >= z.h || w < 0 || w >= z.w) continue;
    sum += static_cast<double>(x[((n * z.h + h) * z.w + w) * z.c + at_c]) * dy(pixel, k);
  }
  return sum;
}

struct PlainGradient {
  const float* dy;
  int64_t channels;
  float operator()(int64_t pixel, int64_t k) const { return dy[pixel * channels + k]; }
};

// The gradient before 2x2 pooling, from the pooled one and its argmax.
struct PooledGradient {
  const float* dy;
  const uint8_t* argmax;
  ConvShape z;
  float operator()(int64_t pixel, int64_t k) const {
    const int64_t n = pixel / (z.p * z.q), p = pixel / z.q % z.p, q = pixel % z.q;
    if (p / 2 >= z.p / 2 || q / 2 >= z.q / 2) return 0.0f;
    const int64_t at = ((n * (z.p / 2) + p / 2) * (z.q / 2) + q / 2) * z.k + k;
    return argmax[at] == p % 2 * 2 + q % 2 ? dy[at] : 0.0f;
  }
};

}  // namespace
}  // namespace fastconv
