// What the lists of row-wise primitives share.  Narrow code only.
#pragma once
#include <optional>
#include <string>

#include "core/shape.h"
#include "plan/registry.h"

namespace fastconv {

inline int64_t last_axis(const TensorDesc& desc) { return desc.dims[desc.rank - 1]; }

template <class Attributes>
Refusal float32_rows(const Attributes&, const Signature& step) {
  if (step.inputs[0].dtype != DType::float32)
    return std::string("dtype ") + dtype_name(step.inputs[0].dtype) + "; this one needs float32";
  return std::nullopt;
}

template <class Attributes>
double row_cost(const Attributes&, const Signature& step) {
  return static_cast<double>(byte_count(step.outputs[0])) * 4 / 8e9;
}

}  // namespace fastconv
