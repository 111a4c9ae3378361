// transpose: y is written in order, x read with the strides of the axes' new order.
#include "primitives/transpose.h"

#include <cstring>

#include "core/parallel.h"
#include "core/shape.h"
#include "plan/registry.h"

namespace fastconv {
namespace {

// A task is one row of y: all elements along its last axis.
void reference(const Transpose& a, const Call& call) {
  const TensorDesc &in = call.inputs[0].desc, &out = call.outputs[0].desc;
  const size_t item = dtype_bytes(out.dtype);
  int64_t stride_of_input[max_rank], stride[max_rank], along = 1;
  for (int axis = in.rank - 1; axis >= 0; --axis) {
    stride_of_input[axis] = along;
    along *= in.dims[axis];
  }
  for (int axis = 0; axis < out.rank; ++axis) stride[axis] = stride_of_input[a.axes.values[axis]];
  const char* x = static_cast<const char*>(call.inputs[0].data);
  char* y = static_cast<char*>(call.outputs[0].data);
  const int last = out.rank - 1;
  const int64_t count = element_count(out), length = out.rank ? out.dims[last] : 1;
  if (count == 0) return;
  parallel(count / length, [&](int64_t task, int) {
    int64_t offset = 0, rest = task;
    for (int axis = last - 1; axis >= 0; --axis) {
      offset += rest % out.dims[axis] * stride[axis];
      rest /= out.dims[axis];
    }
    for (int64_t i = 0; i < length; ++i) {
      const size_t from = static_cast<size_t>(offset + (out.rank ? i * stride[last] : 0));
      std::memcpy(y + static_cast<size_t>(task * length + i) * item, x + from * item, item);
    }
  });
}

const Register<Transpose> on_cpu{"cpu", {{"reference", always, no_workspace, no_cost, reference, no_facts}}};

}  // namespace
}  // namespace fastconv
