// What the cross-entropies over classes need of their inputs, on every device.
#pragma once
#include <string>

#include "plan/registry.h"

namespace fastconv {

// inputs: scores (.., k), then targets: classes (..) or weights (.., k)
inline Refusal needs_targets(bool sparse, const Signature& step) {
  const DType targets = step.inputs[1].dtype;
  if (sparse ? targets != DType::float32 && targets != DType::int64 : targets != DType::float32)
    return std::string("targets are ") + dtype_name(targets) + "; this one needs " +
           (sparse ? "int64 or float32" : "float32");
  if (step.inputs[0].rank == 0) return std::string("input 0 without axes; the last axis holds the classes");
  return std::nullopt;
}

}  // namespace fastconv
