// rescale: y = x scale + offset, rounded once; x is float32, uint8, int32 or int64, y float32.
#include "primitives/rescale.h"

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

struct Line {
  float scale, offset;
  template <class Element>
  __device__ float operator()(Element x) const {
    return __fmaf_rn(static_cast<float>(x), scale, offset);
  }
};

Refusal number_to_float32(const Rescale&, const Signature& step) {
  const DType dtype = step.inputs[0].dtype;
  if (dtype == DType::float64 || dtype == DType::boolean)
    return std::string("input is ") + dtype_name(dtype) + "; this one needs float32, uint8, int32 or int64";
  if (Refusal refusal = needs_float32(step.outputs, 1, "output")) return refusal;
  return needs_31_bits(step);
}

template <class Element>
void rescale_from(const Rescale& attributes, const Call& call) {
  const Line line{static_cast<float>(attributes.scale), static_cast<float>(attributes.offset)};
  map(call, line, output<float>(call, 0), input<Element>(call, 0));
}

void elements(const Rescale& attributes, const Call& call) {
  switch (call.inputs[0].desc.dtype) {
    case DType::uint8: return rescale_from<uint8_t>(attributes, call);
    case DType::int32: return rescale_from<int32_t>(attributes, call);
    case DType::int64: return rescale_from<int64_t>(attributes, call);
    default: return rescale_from<float>(attributes, call);
  }
}

const Register<Rescale> on_cuda{
    "cuda",
    {{"elements", number_to_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
