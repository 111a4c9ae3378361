// What the lists of the cross-entropies over classes share, for narrow units.
#pragma once
#include <cmath>

#include "cpu/elementwise_rows.h"
#include "plan/class_targets.h"

namespace fastconv {

// inputs: scores (.., k), targets, then dloss in the gradients
template <class Attributes>
Refusal scores_and_targets(const Attributes& attributes, const Signature& step) {
  if (Refusal refusal = needs_targets(attributes.sparse, step)) return refusal;
  if (Refusal refusal = needs_float32(step.inputs, 1, "input")) return refusal;
  if (step.input_count > 2)
    if (Refusal refusal = needs_float32(step.inputs + 2, 1, "dloss, input")) return refusal;
  return needs_float32(step.outputs, 1, "output");
}

struct ClassRows {
  const float* scores;
  int64_t rows, classes;
};

inline ClassRows rows_of(const Call& call) {
  const TensorDesc& desc = call.inputs[0].desc;
  const int64_t classes = desc.dims[desc.rank - 1], count = element_count(desc);
  return {input<float>(call, 0), classes ? count / classes : 0, classes};
}

// The weight of class j in row i: 0 or 1 for a label; NaN everywhere for a label that names no class.
inline double target_at(const Call& call, bool sparse, int64_t i, int64_t j, int64_t classes) {
  if (!sparse) return input<float>(call, 1)[i * classes + j];
  double label = call.inputs[1].desc.dtype == DType::int64 ? static_cast<double>(input<int64_t>(call, 1)[i])
                                                           : std::trunc(input<float>(call, 1)[i]);
  if (!(label >= 0 && label < static_cast<double>(classes))) return std::nan("");
  return label == static_cast<double>(j) ? 1.0 : 0.0;
}

}  // namespace fastconv
