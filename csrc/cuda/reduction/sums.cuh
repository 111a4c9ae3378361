// Sums over axes, y = sum / divisor: what reduce_sum and reduce_mean run.
#pragma once
#include "cuda/kernel.cuh"

namespace fastconv {
namespace reduction {

// Neighbouring axes that are all reduced or all kept, merged.
struct Groups {
  struct Group {
    uint32_t size, stride;
    bool reduced;
  };
  int count = 0;
  Group groups[max_rank];

  Groups(const Dims& axes, const TensorDesc& in) {
    bool reduced[max_rank] = {};
    for (int i = 0; i < axes.count; ++i) reduced[axes.values[i]] = true;
    for (int axis = 0; axis < in.rank; ++axis) {
      if (in.dims[axis] == 1) continue;
      const uint32_t size = static_cast<uint32_t>(in.dims[axis]);
      if (count && groups[count - 1].reduced == reduced[axis])
        groups[count - 1].size *= size;
      else
        groups[count++] = {size, 1, reduced[axis]};
    }
    for (int i = count - 2; i >= 0; --i) groups[i].stride = groups[i + 1].stride * groups[i + 1].size;
  }
  // The product of the sizes of the groups from `begin` to `end` that are reduced, or kept.
  uint32_t product(bool reduced, int begin, int end) const {
    uint32_t size = 1;
    for (int i = begin; i < end; ++i)
      if (groups[i].reduced == reduced) size *= groups[i].size;
    return size;
  }
};

// x (outer, reduced, inner) -> y (outer, inner)
struct Shape {
  uint32_t outer = 1, reduced = 1, inner = 1;
  bool together = true;  // the reduced axes are neighbours

  Shape(const Dims& axes, const TensorDesc& in) {
    const Groups all(axes, in);
    int at = 0;
    while (at < all.count && !all.groups[at].reduced) ++at;
    outer = all.product(false, 0, at);
    inner = all.product(false, at, all.count);
    reduced = all.product(true, 0, all.count);
    together = all.count - at <= 2;
  }
  bool empty() const { return outer == 0 || inner == 0; }
};

size_t chunk_bytes(const Shape& shape);  // of the workspace that `run_neighbours` needs
void run_neighbours(const Shape& shape, float divisor, const Call& call);
void run_gathered(const Dims& axes, float divisor, const Call& call);

// ---- what the rows need
template <class Attributes>
Refusal neighbours_only(const Attributes& a, const Signature& step) {
  if (Refusal refusal = all_float32(a, step)) return refusal;
  if (!Shape(a.axes, step.inputs[0]).together)
    return "axes with others between them; this one needs neighbours";
  return std::nullopt;
}

template <class Attributes>
Workspace chunk_sums(const Attributes& a, const Signature& step) {
  return {chunk_bytes(Shape(a.axes, step.inputs[0])), 0};
}

template <class Attributes>
double gathered_cost(const Attributes& a, const Signature& step) {  // sectors of 32 bytes for elements of 4
  return 8 * bandwidth_cost(a, step);
}

}  // namespace reduction
}  // namespace fastconv
