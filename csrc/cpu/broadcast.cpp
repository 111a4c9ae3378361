// broadcast: x repeated to a larger shape.  Neighbouring axes that are both repeated, or both not, are
// joined; what is left is rows that are copied whole or filled with one element.
#include "primitives/broadcast.h"

#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "core/shape.h"
#include "plan/registry.h"

namespace fastconv {
namespace {

constexpr int64_t task_elements = 16384;

struct Axis {
  int64_t size, stride;  // stride in x, in elements; 0: repeated
};

struct Axes {
  Axis axes[max_rank];
  int count = 0;
};

Axes joined(const TensorDesc& in, const TensorDesc& out) {
  Axes plain, result;
  int64_t along = 1;
  for (int axis = out.rank - 1; axis >= 0; --axis) {
    const int from = axis - (out.rank - in.rank);
    const int64_t size = from >= 0 ? in.dims[from] : 1;
    plain.axes[axis] = {out.dims[axis], size == 1 ? 0 : along};
    along *= size;
  }
  for (int axis = 0; axis < out.rank; ++axis) {
    const Axis next = plain.axes[axis];
    if (next.size == 1) continue;
    Axis* last = result.count ? &result.axes[result.count - 1] : nullptr;
    if (last && (last->stride == 0) == (next.stride == 0))
      *last = {last->size * next.size, next.stride};
    else
      result.axes[result.count++] = next;
  }
  if (result.count == 0) result.axes[result.count++] = {1, 1};
  return result;
}

template <class Item>
void fill_rows(const Axes& axes, int64_t begin, int64_t end, const char* x, char* y) {
  const Axis row = axes.axes[axes.count - 1];
  for (int64_t i = begin; i < end; ++i) {
    int64_t offset = 0, rest = i;
    for (int axis = axes.count - 2; axis >= 0; --axis) {
      offset += rest % axes.axes[axis].size * axes.axes[axis].stride;
      rest /= axes.axes[axis].size;
    }
    const Item* source = reinterpret_cast<const Item*>(x) + offset;
    Item* target = reinterpret_cast<Item*>(y) + i * row.size;
    if (row.stride)
      std::memcpy(target, source, static_cast<size_t>(row.size) * sizeof(Item));
    else
      std::fill_n(target, row.size, *source);
  }
}

void rows(const Broadcast&, const Call& call) {
  const Axes axes = joined(call.inputs[0].desc, call.outputs[0].desc);
  const int64_t count = element_count(call.outputs[0].desc), length = axes.axes[axes.count - 1].size;
  if (count == 0) return;
  const size_t item = dtype_bytes(call.outputs[0].desc.dtype);
  const char* x = static_cast<const char*>(call.inputs[0].data);
  char* y = static_cast<char*>(call.outputs[0].data);
  const int64_t all = count / length, each = std::max<int64_t>(1, task_elements / length);
  parallel((all + each - 1) / each, [&](int64_t task, int) {
    const int64_t begin = task * each, end = std::min(all, begin + each);
    if (item == 8) return fill_rows<uint64_t>(axes, begin, end, x, y);
    if (item == 4) return fill_rows<uint32_t>(axes, begin, end, x, y);
    fill_rows<uint8_t>(axes, begin, end, x, y);
  });
}

// Element by element, from the coordinates.
void reference(const Broadcast&, const Call& call) {
  const TensorDesc &in = call.inputs[0].desc, &out = call.outputs[0].desc;
  const size_t item = dtype_bytes(out.dtype);
  const char* x = static_cast<const char*>(call.inputs[0].data);
  char* y = static_cast<char*>(call.outputs[0].data);
  for (int64_t i = 0; i < element_count(out); ++i) {
    int64_t offset = 0, along = 1, rest = i;
    for (int axis = out.rank - 1, from = in.rank - 1; from >= 0; --axis, --from) {
      if (in.dims[from] != 1) offset += rest % out.dims[axis] * along;
      rest /= out.dims[axis];
      along *= in.dims[from];
    }
    std::memcpy(y + static_cast<size_t>(i) * item, x + static_cast<size_t>(offset) * item, item);
  }
}

double cost(const Broadcast&, const Signature& step) {
  return static_cast<double>(byte_count(step.outputs[0])) / 8e9;
}

const Register<Broadcast> on_cpu{
    "cpu",
    {{"rows", always, no_workspace, cost, rows, batch_invariant},
     {"reference", always, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
