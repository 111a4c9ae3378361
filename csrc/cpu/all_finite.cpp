// all_finite: any number of float32 tensors -> uint8 (): 1 if no element is infinite or NaN, else 0.
#include "cpu/all_finite/all_finite.h"

#include <cmath>

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

Refusal float32_to_flag(const AllFinite&, const Signature& step) {
  if (step.outputs[0].dtype != DType::uint8) return std::string("output is no uint8 flag");
  return needs_float32(step.inputs, step.input_count, "input");
}

void reference(const AllFinite&, const Call& call) {
  uint8_t finite = 1;
  for (int index = 0; index < call.input_count; ++index) {
    const float* x = input<float>(call, index);
    const int64_t count = element_count(call.inputs[index].desc);
    for (int64_t i = 0; i < count; ++i)
      if (!std::isfinite(x[i])) finite = 0;
  }
  *output<uint8_t>(call, 0) = finite;
}

const Register<AllFinite> on_cpu{
    "cpu",
    {{"blocks", float32_to_flag, no_workspace, bandwidth_cost, FASTCONV_PICK(all_finite_blocks), wide},
     {"reference", float32_to_flag, no_workspace, reference_cost, reference}}};

}  // namespace
}  // namespace fastconv
