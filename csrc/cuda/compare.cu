// compare: (a, b) -> bool, where a `relation` b holds, with NumPy's broadcasting.  NaN is equal to nothing.
#include "primitives/compare.h"

#include "cuda/broadcast.cuh"

namespace fastconv {
namespace {

// A relation as the outcomes for which it holds: bit 0 a < b, bit 1 a == b, bit 2 a > b, bit 3 none of them (NaN).
struct Holds {
  uint32_t outcomes;
  template <class Element>
  __device__ uint8_t operator()(Element a, Element b) const {
    const uint32_t outcome = a < b ? 0 : a == b ? 1 : a > b ? 2 : 3;
    return outcomes >> outcome & 1;
  }
};

Holds holds(Relation relation) {
  switch (relation) {
    case Relation::equal: return {0b0010};
    case Relation::not_equal: return {0b1101};
    case Relation::less: return {0b0001};
    case Relation::less_equal: return {0b0011};
    case Relation::greater: return {0b0100};
    default: return {0b0110};
  }
}

Refusal one_dtype_to_bool(const Compare&, const Signature& step) {
  if (step.inputs[0].dtype != step.inputs[1].dtype)
    return std::string("inputs of different dtypes; this one needs the same");
  if (step.outputs[0].dtype != DType::boolean) return std::string("output is no bool");
  return needs_31_bits(step);
}

void elements(const Compare& attributes, const Call& call) {
  with_element_type(call.inputs[0].desc.dtype, [&](auto tag) {
    map_broadcast<uint8_t, decltype(tag)>(call, holds(attributes.relation));
  });
}

const Register<Compare> on_cuda{
    "cuda", {{"elements", one_dtype_to_bool, no_workspace, bandwidth_cost, elements, batch_invariant}}};

}  // namespace
}  // namespace fastconv
