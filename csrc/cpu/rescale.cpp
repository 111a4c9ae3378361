// rescale: y = x scale + offset; x is float32, uint8, int32 or int64, y float32.
#include "cpu/rescale/rescale.h"

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

Refusal number_to_float32(const Rescale&, const Signature& step) {
  const DType dtype = step.inputs[0].dtype;
  if (dtype == DType::float64 || dtype == DType::boolean)
    return std::string("input is ") + dtype_name(dtype) + "; this one needs float32, uint8, int32 or int64";
  return needs_float32(step.outputs, 1, "output");
}

void reference(const Rescale& attributes, const Call& call) {
  with_element_type(call.inputs[0].desc.dtype, [&](auto tag) {
    const auto* x = input<decltype(tag)>(call, 0);
    float* y = output<float>(call, 0);
    const int64_t count = element_count(call.outputs[0].desc);
    for (int64_t i = 0; i < count; ++i)
      y[i] = static_cast<float>(static_cast<double>(x[i]) * attributes.scale + attributes.offset);
  });
}

const Register<Rescale> on_cpu{
    "cpu",
    {{"blocks", number_to_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(rescale_blocks),
      batch_invariant | in_place | wide},
     {"reference", number_to_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
