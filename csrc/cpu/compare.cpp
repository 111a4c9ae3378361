// compare: (a, b) -> bool, where a `relation` b holds, with NumPy's broadcasting.  NaN is equal to nothing.
#include "cpu/compare/compare.h"

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

Refusal one_dtype_to_bool(const Compare&, const Signature& step) {
  if (step.inputs[0].dtype != step.inputs[1].dtype)
    return std::string("inputs of different dtypes; this one needs the same");
  if (step.outputs[0].dtype != DType::boolean) return std::string("output is no bool");
  return std::nullopt;
}

Refusal float32_to_bool(const Compare& attributes, const Signature& step) {
  if (Refusal refusal = needs_float32(step.inputs, 2, "input")) return refusal;
  return one_dtype_to_bool(attributes, step);
}

template <class Element>
bool holds(Relation relation, Element a, Element b) {
  switch (relation) {
    case Relation::equal: return a == b;
    case Relation::not_equal: return a != b;
    case Relation::less: return a < b;
    case Relation::less_equal: return a <= b;
    case Relation::greater: return a > b;
    default: return a >= b;
  }
}

void reference(const Compare& attributes, const Call& call) {
  with_element_type(call.inputs[0].desc.dtype, [&](auto tag) {
    const auto *a = input<decltype(tag)>(call, 0), *b = input<decltype(tag)>(call, 1);
    uint8_t* y = output<uint8_t>(call, 0);
    each_pair(call, [&](int64_t i, int64_t j, int64_t k) { y[i] = holds(attributes.relation, a[j], b[k]); });
  });
}

const Register<Compare> on_cpu{
    "cpu",
    {{"rows", float32_to_bool, no_workspace, bandwidth_cost, FASTCONV_PICK(compare_rows),
      batch_invariant | wide},
     {"reference", one_dtype_to_bool, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
