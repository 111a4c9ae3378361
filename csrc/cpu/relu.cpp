// relu: y = max(x, 0).
#include "cpu/relu/relu.h"

#include "core/shape.h"
#include "plan/registry.h"

namespace fastconv {
namespace {

Refusal supports_float32(const Relu&, const Signature& step) {
  if (step.inputs[0].dtype != DType::float32)
    return std::string("dtype ") + dtype_name(step.inputs[0].dtype) + "; this one needs float32";
  return std::nullopt;
}

void reference(const Relu&, const Call& call) {
  const int64_t count = element_count(call.outputs[0].desc);
  const float* x = static_cast<const float*>(call.inputs[0].data);
  float* y = static_cast<float*>(call.outputs[0].data);
  for (int64_t i = 0; i < count; ++i) y[i] = x[i] < 0.0f ? 0.0f : x[i];
}

const Register<Relu> on_cpu{
    "cpu",
    {{"blocks", supports_float32, no_workspace, no_cost, FASTCONV_PICK(relu_blocks),
      batch_invariant | in_place | wide},
     {"reference", supports_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
