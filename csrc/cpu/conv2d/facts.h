// What the three lists of convolution share: refusals for persons and the model of costs.  Narrow code only.
#pragma once
#include <optional>
#include <string>

#include "core/shape.h"
#include "cpu/conv2d/first_layer.h"
#include "cpu/conv2d/panels.h"
#include "cpu/conv2d/winograd_f4x3.h"
#include "plan/registry.h"

namespace fastconv {

inline Refusal refuse_other_dtypes(const Signature& step) {
  for (int i = 0; i < step.input_count; ++i)
    if (step.inputs[i].dtype != DType::float32)
      return std::string("dtype ") + dtype_name(step.inputs[i].dtype) + "; this one needs float32";
  return std::nullopt;
}

// Of the pooled gradients, whose input `argmax` is made of bytes.
inline Refusal refuse_other_than_pooled(const Signature& step, int argmax) {
  for (int i = 0; i < step.input_count; ++i) {
    const DType wanted = i == argmax ? DType::uint8 : DType::float32;
    if (step.inputs[i].dtype != wanted)
      return std::string("dtype ") + dtype_name(step.inputs[i].dtype) + "; this one needs " +
             dtype_name(wanted);
  }
  return std::nullopt;
}

inline Refusal refuse_other_than_unit_3x3(const ConvShape& z) {
  const auto pair = [](int64_t h, int64_t w) { return std::to_string(h) + "x" + std::to_string(w); };
  if (z.r != 3 || z.s != 3) return "filter " + pair(z.r, z.s) + "; this one needs 3x3";
  if (z.stride_h != 1 || z.stride_w != 1)
    return "stride " + pair(z.stride_h, z.stride_w) + "; this one needs 1x1";
  if (z.dilation_h != 1 || z.dilation_w != 1)
    return "dilation " + pair(z.dilation_h, z.dilation_w) + "; this one needs 1x1";
  if (z.groups != 1) return std::to_string(z.groups) + " groups; this one needs 1";
  return std::nullopt;
}

inline Refusal refuse_other_than_first_layer(const ConvShape& z) {
  if (z.c > first_layer_channels)
    return std::to_string(z.c) + " input channels; this one takes up to " +
           std::to_string(first_layer_channels);
  if (z.groups != 1) return std::to_string(z.groups) + " groups; this one needs 1";
  if (z.dilation_w != 1) return "dilation " + std::to_string(z.dilation_w) + " across; this one needs 1";
  if (first_layer_depth_of(z) > first_layer_depth)
    return std::to_string(first_layer_depth_of(z)) + " products an output; this one takes up to " +
           std::to_string(first_layer_depth);
  return std::nullopt;
}

// A nominal core: 100 GFLOP/s of fused multiply-adds, 8 GB/s of memory.  Only the ratios between rows matter.
constexpr double nominal_flops = 100e9, nominal_bytes = 8e9;

// Channels as the tiles see them: padded to panels.
inline double padded(int64_t channels) { return static_cast<double>(round_up(channels, panel_floats)); }

// Packing and multiplying; the share of the peak is what the tables of bench/results show for large layers.
inline double implicit_gemm_cost(const ConvShape& z, int64_t reduced, int64_t produced) {
  const double pixels = static_cast<double>(z.n) * static_cast<double>(z.p * z.q);
  const double depth = static_cast<double>(z.r * z.s) * static_cast<double>(reduced);
  const double groups = static_cast<double>(z.groups);
  return 2.0 * pixels * depth * padded(produced) * groups / (0.8 * nominal_flops) +
         4.0 * pixels * groups * (0.25 * depth + static_cast<double>(reduced + produced)) / nominal_bytes;
}

// No packing: the outputs alone go through memory; `share` of them where they are pooled on the way.
inline double first_layer_cost(const ConvShape& z, double share = 1.0) {
  const double pixels = static_cast<double>(z.n) * static_cast<double>(z.p * z.q);
  return 2.0 * pixels * static_cast<double>(first_layer_depth_of(z)) * padded(z.k) / (0.8 * nominal_flops) +
         4.0 * pixels * (static_cast<double>(z.c) + share * static_cast<double>(z.k)) / nominal_bytes;
}

// 36 products a tile, both transforms, and a transformed filter shared by a nominal batch of 8: the choice
// must not depend on the batch.
inline double winograd_cost(const WinogradPass& pass) {
  const double tiles = static_cast<double>(pass.tiles()), points = static_cast<double>(winograd_points);
  const double in = padded(pass.in_channels), out = padded(pass.out_channels),
               images = static_cast<double>(pass.n);
  return 2.0 * tiles * points * in * out / (0.8 * nominal_flops) +
         4.0 * points * (tiles * (in + out) + images / 8.0 * in * out) / (4.0 * nominal_bytes);
}

}  // namespace fastconv
