// The forward pass of a first layer (first_layer.cuh):  y = activation(sum over taps  x[pixel + tap] * filter[tap, k] + ...)
//
// A thread makes eight pixels side by side x eight channels, 64 sums in registers:
//
//   lanes of a warp    4 groups of k (fewer for small k), each k .. k + 3 and the four 4 * k_lanes further on, so that
//                      a store covers what its neighbours' leave  x  8 strips of 8 pixels
//   a plane            a window of 7 + SHIFTS floats for all its taps, and a tap's 8 channels of the filter, which the
//                      block holds in shared memory plane by plane: 9 loads for 192 FMAs at 3 shifts
//
// Sums run upwards over planes, then taps of a plane, whatever the batch.
#pragma once
#include <type_traits>

#include "cuda/activation.cuh"
#include "cuda/conv2d/first_layer.cuh"

namespace fastconv {
namespace {

constexpr int output_strip = 8, output_threads = 128;

struct FirstLayerOutputs : FirstLayer {
  int k_lanes, k_blocks;
  const float *x, *filter, *bias, *residual;
  Activation activation;
  float* y;
};

// [plane][shift][k of the block]; zeros for channels that do not exist.
template <int SHIFTS>
__device__ __forceinline__ void stage_filter(const FirstLayerOutputs& f, int first_k, int k_width,
                                             float* to) {
  for (int i = threadIdx.x; i < f.planes * SHIFTS * k_width; i += output_threads) {
    const int column = i % k_width, shift = i / k_width % SHIFTS, plane = i / k_width / SHIFTS;
    const int r = plane / f.row_planes, in_row = plane % f.row_planes, channel = in_row / f.residues;
    const int s = in_row % f.residues + shift * f.stride_w, k = first_k + column;
    to[i] = k < f.k ? f.filter[((r * f.filter_w + s) * f.channels + channel) * f.k + k] : 0.0f;
  }
}

// Four channels of a pixel: bias, residual, activation.
__device__ __forceinline__ void store_outputs(const FirstLayerOutputs& f, const float4& sums, int at, int k) {
  if (f.k % 4 == 0) {
    float4 y = sums;
    if (f.bias) {
      const float4 bias = *reinterpret_cast<const float4*>(f.bias + k);
      y.x += bias.x, y.y += bias.y, y.z += bias.z, y.w += bias.w;
    }
    if (f.residual) {
      const float4 residual = *reinterpret_cast<const float4*>(f.residual + at);
      y.x += residual.x, y.y += residual.y, y.z += residual.z, y.w += residual.w;
    }
    y.x = activate(f.activation, y.x), y.y = activate(f.activation, y.y);
    y.z = activate(f.activation, y.z), y.w = activate(f.activation, y.w);
    *reinterpret_cast<float4*>(f.y + at) = y;
    return;
  }
  const float of[4] = {sums.x, sums.y, sums.z, sums.w};
#pragma unroll
  for (int e = 0; e < 4; ++e) {
    if (k + e >= f.k) return;
    float y = of[e];
    if (f.bias) y += f.bias[k + e];
    if (f.residual) y += f.residual[at + e];
    f.y[at + e] = activate(f.activation, y);
  }
}

// hot: no spills
//
// A block makes one chunk of rows; grid.x: chunks of all images; grid.y: blocks of k.
template <int SHIFTS>
__global__ void __launch_bounds__(output_threads, 4)
    first_layer_outputs(const __grid_constant__ FirstLayerOutputs f) {
  extern __shared__ __align__(16) float planes[];
  float* const filter = planes + f.staged_floats();
  const int image = f.by_chunks.divide(blockIdx.x), first_row = (blockIdx.x - image * f.chunks) * f.rows;
  const int lane_k = threadIdx.x % f.k_lanes * 4, half = f.k_lanes * 4, k_width = half * 2;
  const int first_k = blockIdx.y * k_width;
  stage_rows(f, f.x, image, first_row, planes);
  stage_filter<SHIFTS>(f, first_k, k_width, filter);
  __syncthreads();
  const int strips = min(f.rows, f.p - first_row) * f.strips, image_row = image * f.p + first_row;
  for (int i = threadIdx.x / f.k_lanes; i < strips; i += output_threads / f.k_lanes) {
    const int row = f.by_strips.divide(i), column = (i - row * f.strips) * output_strip;
    const float* from = planes + row * f.stride_h * f.row_planes * f.plane_width + column;
    const float* taps = filter + lane_k;
    float4 sums[output_strip][2] = {};
#pragma unroll 1
    for (int plane = 0; plane < f.planes; ++plane, from += f.plane_width) {
      float window[output_strip - 1 + SHIFTS];
      load_window(from, window);
#pragma unroll
      for (int shift = 0; shift < SHIFTS; ++shift, taps += k_width) {
        const float4 left = *reinterpret_cast<const float4*>(taps);
        const float4 right = *reinterpret_cast<const float4*>(taps + half);
#pragma unroll
        for (int e = 0; e < output_strip; ++e) {
          add_product(sums[e][0], window[e + shift], left);
          add_product(sums[e][1], window[e + shift], right);
        }
      }
    }
    const int k = first_k + lane_k, at = ((image_row + row) * f.q + column) * f.k + k;
#pragma unroll
    for (int e = 0; e < output_strip; ++e) {
      if (column + e >= f.q) break;
      if (k < f.k) store_outputs(f, sums[e][0], at + e * f.k, k);
      if (k + half < f.k) store_outputs(f, sums[e][1], at + e * f.k + half, k + half);
    }
  }
}

class FirstLayerForward {
 public:
  explicit FirstLayerForward(const ConvShape& z) {
    const int shifts = static_cast<int>(shifts_of(z));
    static_cast<FirstLayer&>(f_) = first_layer(z, output_strip, shifts, 1);
    for (f_.k_lanes = 1; f_.k_lanes < 4 && f_.k_lanes * 8 < z.k;) f_.k_lanes *= 2;
    f_.k_blocks = static_cast<int>(ceil_div(z.k, f_.k_lanes * 8));
    filter_floats_ = int64_t{f_.planes} * shifts * f_.k_lanes * 8;
    products_ = static_cast<double>(z.n * z.p * f_.strips * output_strip) *
                static_cast<double>(filter_floats_) * f_.k_blocks;
    blocks_ = static_cast<int>(z.n * f_.chunks);
    shifts_ = shifts;
  }
  double products() const { return products_; }
  int64_t shared_bytes() const { return (f_.staged_floats() + filter_floats_) * int64_t{4}; }
  // `bias` and `residual` may be null.
  void run(const float* x, const float* filter, const float* bias, const float* residual,
           Activation activation, float* y, cudaStream_t stream) {
    f_.x = x, f_.filter = filter, f_.bias = bias, f_.residual = residual;
    f_.activation = activation, f_.y = y;
    const auto start = [&](auto kernel) {
      const size_t bytes = static_cast<size_t>(shared_bytes());
      if (bytes > 48 * 1024) allow_shared_bytes(reinterpret_cast<const void*>(kernel), bytes);
      launch(kernel, dim3(blocks_, f_.k_blocks), output_threads, bytes, stream, f_);
    };
    switch (shifts_) {
      case 1: return start(first_layer_outputs<1>);
      case 2: return start(first_layer_outputs<2>);
      case 3: return start(first_layer_outputs<3>);
      case 4: return start(first_layer_outputs<4>);
      case 5: return start(first_layer_outputs<5>);
      default: return start(first_layer_outputs<7>);
    }
  }

 private:
  FirstLayerOutputs f_{};
  int64_t filter_floats_;  // of a block, in shared memory
  double products_;        // that threads work through, of pixels and taps that do not exist too
  int blocks_, shifts_;
};

}  // namespace
}  // namespace fastconv
