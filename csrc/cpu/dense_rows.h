// What the lists of dense and its gradients share.  Narrow code only.
#pragma once
#include <optional>
#include <string>

#include "core/shape.h"
#include "plan/registry.h"

namespace fastconv {

template <class Attributes>
Refusal all_inputs_float32(const Attributes&, const Signature& step) {
  for (int i = 0; i < step.input_count; ++i)
    if (step.inputs[i].dtype != DType::float32)
      return std::string("dtype ") + dtype_name(step.inputs[i].dtype) + "; this one needs float32";
  return std::nullopt;
}

// Everything moved once at 8 GB/s, the products at 50 GFLOP/s: few rows leave the tiles half empty.
template <class Attributes>
double product_cost(const Attributes&, const Signature& step) {
  double bytes = static_cast<double>(byte_count(step.outputs[0])),
         count = static_cast<double>(step.outputs[0].dims[0]);
  for (int i = 0; i < step.input_count; ++i) bytes += static_cast<double>(byte_count(step.inputs[i]));
  for (int i = 0; i < 2; ++i) count *= static_cast<double>(step.inputs[i].dims[1]);
  return bytes / 8e9 + 2 * count / 50e9;
}

}  // namespace fastconv
