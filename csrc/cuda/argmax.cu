// argmax: the first largest value along one axis; a NaN is larger than everything.
//
// x as (outer, length, inner).  A team of 1 to 32 lanes of a warp searches for an output: 1 where outputs lie beside
// each other (inner > 1), so that neighbours read neighbours; up to 32 along a line.
#include "primitives/argmax.h"

#include "cuda/kernel.cuh"

namespace fastconv {
namespace {

constexpr int threads = 256;
constexpr uint32_t nowhere = 0xffffffffu;

template <class Value>
struct Winner {
  Value value;
  uint32_t index;

  // What comes first in the order of the primitive: nothing last, NaN first, then larger values, then lower indices.
  __device__ __forceinline__ bool beats(const Winner& other) const {
    if (index == nowhere || other.index == nowhere) return other.index == nowhere && index != nowhere;
    const bool nan = value != value, other_nan = other.value != other.value;
    if (nan != other_nan) return nan;
    if (nan || value == other.value) return index < other.index;
    return value > other.value;
  }
};

// Held: what the shuffles carry.
template <class Value, class Held>
__global__ void __launch_bounds__(threads)
    search(uint32_t outputs, uint32_t length, FastDiv inner, uint32_t lanes, const Value* x, int64_t* y) {
  const uint32_t thread = blockIdx.x * threads + threadIdx.x, lane = thread % lanes, output = thread / lanes;
  Winner<Held> best{Held{}, nowhere};
  if (output < outputs) {
    const Value* own = x + inner.divide(output) * length * inner.divisor + inner.modulo(output);
    for (uint32_t j = lane; j < length; j += lanes) {
      const Winner<Held> next{static_cast<Held>(own[j * inner.divisor]), j};
      if (next.beats(best)) best = next;
    }
  }
  for (uint32_t distance = 1; distance < lanes; distance *= 2) {
    const Winner<Held> other{__shfl_xor_sync(0xffffffffu, best.value, distance),
                             __shfl_xor_sync(0xffffffffu, best.index, distance)};
    if (other.beats(best)) best = other;
  }
  if (output < outputs && lane == 0) y[output] = best.index;
}

Refusal supports(const Argmax&, const Signature& step) {
  const DType dtype = step.inputs[0].dtype;
  if (dtype != DType::float32 && dtype != DType::int32 && dtype != DType::int64 && dtype != DType::uint8)
    return std::string("dtype ") + dtype_name(dtype) + "; this one needs float32, int32, int64 or uint8";
  return needs_31_bits(step);
}

template <class Value, class Held = Value>
void start(const Argmax& a, const Call& call) {
  const TensorDesc& in = call.inputs[0].desc;
  int64_t inner = 1;
  for (int axis = static_cast<int>(a.axis) + 1; axis < in.rank; ++axis) inner *= in.dims[axis];
  const int64_t length = in.dims[a.axis], outputs = element_count(call.outputs[0].desc);
  if (outputs == 0) return;
  uint32_t lanes = 1;
  while (inner == 1 && lanes < 32 && lanes * 4 < length) lanes *= 2;
  launch(search<Value, Held>, blocks_for(outputs, threads / lanes), threads, 0, stream_of(call),
         static_cast<uint32_t>(outputs), static_cast<uint32_t>(length), FastDiv(static_cast<uint32_t>(inner)),
         lanes, input<Value>(call, 0), output<int64_t>(call, 0));
}

void lines(const Argmax& a, const Call& call) {
  switch (call.inputs[0].desc.dtype) {
    case DType::int32: return start<int32_t>(a, call);
    case DType::int64: return start<int64_t>(a, call);
    case DType::uint8: return start<uint8_t, int32_t>(a, call);
    default: return start<float>(a, call);
  }
}

const Register<Argmax> on_cuda{"cuda",
                               {{"lines", supports, no_workspace, bandwidth_cost, lines, batch_invariant}}};

}  // namespace
}  // namespace fastconv
