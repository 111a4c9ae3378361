// argmax: the first largest value along one axis; a NaN is larger than everything.
#include "primitives/argmax.h"

#include "core/parallel.h"
#include "core/shape.h"
#include "plan/registry.h"

namespace fastconv {
namespace {

Refusal supports(const Argmax&, const Signature& step) {
  const DType dtype = step.inputs[0].dtype;
  if (dtype != DType::float32 && dtype != DType::int32 && dtype != DType::int64 && dtype != DType::uint8)
    return std::string("dtype ") + dtype_name(dtype) + "; this one needs float32, int32, int64 or uint8";
  return std::nullopt;
}

// x as (outer, axis, inner); a task is one outer index.
template <class Value>
void search(const Argmax& a, const Call& call) {
  const TensorDesc& in = call.inputs[0].desc;
  int64_t outer = 1, inner = 1;
  for (int axis = 0; axis < a.axis; ++axis) outer *= in.dims[axis];
  for (int axis = static_cast<int>(a.axis) + 1; axis < in.rank; ++axis) inner *= in.dims[axis];
  const int64_t length = in.dims[a.axis];
  const Value* x = static_cast<const Value*>(call.inputs[0].data);
  int64_t* y = static_cast<int64_t*>(call.outputs[0].data);
  parallel(outer, [=](int64_t task, int) {
    for (int64_t i = 0; i < inner; ++i) {
      const Value* values = x + task * length * inner + i;
      int64_t winner = 0;
      Value best = values[0];
      for (int64_t j = 1; j < length; ++j) {
        const Value value = values[j * inner];
        if (best == best && !(value <= best)) best = value, winner = j;
      }
      y[task * inner + i] = winner;
    }
  });
}

void reference(const Argmax& a, const Call& call) {
  switch (call.inputs[0].desc.dtype) {
    case DType::int32: return search<int32_t>(a, call);
    case DType::int64: return search<int64_t>(a, call);
    case DType::uint8: return search<uint8_t>(a, call);
    default: return search<float>(a, call);
  }
}

const Register<Argmax> on_cpu{"cpu",
                              {{"reference", supports, no_workspace, no_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
