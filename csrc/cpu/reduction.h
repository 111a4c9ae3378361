// What the reductions' lists share.  Narrow code only.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/shape.h"
#include "cpu/reduce_shape.h"
#include "plan/registry.h"

namespace fastconv {

struct ReducedAxes : ReduceShape {
  bool together;  // the reduced axes are neighbours (axes of size 1 aside)
};

inline ReducedAxes reduced_axes(const Dims& axes, const TensorDesc& in) {
  bool reduced[max_rank] = {};
  for (int i = 0; i < axes.count; ++i) reduced[axes.values[i]] = true;
  ReducedAxes z{{1, 1, 1}, true};
  for (int axis = 0; axis < in.rank; ++axis) {
    const int64_t size = in.dims[axis];
    if (size == 1) continue;
    const bool begun = z.reduced != 1;
    if (reduced[axis]) {
      z.together = z.together && z.inner == 1;
      z.reduced *= size;
    } else {
      (begun ? z.inner : z.outer) *= size;
    }
  }
  return z;
}

template <class Attributes>
Refusal float32_only(const Attributes&, const Signature& step) {
  if (step.inputs[0].dtype != DType::float32)
    return std::string("dtype ") + dtype_name(step.inputs[0].dtype) + "; this one needs float32";
  return std::nullopt;
}

template <class Attributes>
Refusal neighbours_only(const Attributes& a, const Signature& step) {
  if (!reduced_axes(a.axes, step.inputs[0]).together)
    return "axes with others between them; this one needs neighbours";
  return float32_only(a, step);
}

template <class Attributes>
Workspace chunk_sums(const Attributes& a, const Signature& step) {
  const ReducedAxes z = reduced_axes(a.axes, step.inputs[0]);
  // Never more than one chunk for each 1024 elements and output (cpu/simd/reduce.h).
  return {static_cast<size_t>(z.outer * (z.reduced / 1024 + 1) * z.inner) * sizeof(float), 0};
}

template <class Attributes>
double bandwidth_cost(const Attributes&, const Signature& step) {
  return static_cast<double>(byte_count(step.inputs[0])) / 8e9;
}

// Sums in double, in the order of the elements.
inline std::vector<double> plain_sums(const Dims& axes, const Call& call) {
  const TensorDesc& in = call.inputs[0].desc;
  int64_t stride[max_rank] = {}, along = 1;
  for (int axis = in.rank - 1; axis >= 0; --axis) {
    bool reduced = false;
    for (int i = 0; i < axes.count; ++i) reduced = reduced || axes.values[i] == axis;
    stride[axis] = reduced ? 0 : along;
    if (!reduced) along *= in.dims[axis];
  }
  std::vector<double> sums(static_cast<size_t>(along), 0.0);
  const float* x = static_cast<const float*>(call.inputs[0].data);
  for (int64_t i = 0; i < element_count(in); ++i) {
    int64_t offset = 0, rest = i;
    for (int axis = in.rank - 1; axis >= 0; --axis) {
      offset += rest % in.dims[axis] * stride[axis];
      rest /= in.dims[axis];
    }
    sums[static_cast<size_t>(offset)] += x[i];
  }
  return sums;
}

}  // namespace fastconv
