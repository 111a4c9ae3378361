// y = function(a, b, ...) with NumPy's broadcasting, or with any other strides.
//
// y's axes are joined where every input walks through them as through one; what is left are at most 6, a bias leaves 2.
// A thread makes one pack of y, so that every store has 16 bytes where y's elements are the widest.  An input with as
// many elements as y lies as y does (`flat`) and is read by packs.  Of the others the place follows from the coordinates,
// one division an axis up to the last that the input has: one for a bias, none for a scalar.  Where rows are whole packs
// (`whole`), that is done once a pack, else for each element.
#pragma once
#include "cuda/elementwise.cuh"

namespace fastconv {

struct JoinedAxes {
  FastDiv sizes[max_rank];  // the innermost first
};

struct Steps {  // of one input through the joined axes
  uint32_t strides[max_rank] = {};
  int axes = 0;  // those behind have stride 0
  bool flat = false;
};

__device__ __forceinline__ uint32_t place(const JoinedAxes& axes, const Steps& steps, uint32_t element) {
  uint32_t offset = 0;
#pragma unroll
  for (int axis = 0; axis < max_rank; ++axis)
    if (axis < steps.axes) {
      const uint32_t next = axes.sizes[axis].divide(element);
      offset += (element - next * axes.sizes[axis].divisor) * steps.strides[axis];
      element = next;
    }
  return offset;
}

template <bool whole, int width, class Element>
__device__ __forceinline__ Pack<Element, width> gather_pack(const JoinedAxes& axes, const Steps& steps,
                                                            const Element* x, uint32_t first) {
  if (steps.flat) return load_pack<width>(x + first);
  const uint32_t offset = place(axes, steps, first);
  if (whole && steps.strides[0] == 1) return load_pack<width>(x + offset);
  Pack<Element, width> pack;
  pack.lanes[0] = x[offset];
#pragma unroll
  for (int i = 1; i < width; ++i) pack.lanes[i] = whole ? pack.lanes[0] : x[place(axes, steps, first + i)];
  return pack;
}

// An input with how it is read.
template <class Element>
struct Strided {
  const Element* data;
  Steps steps;
};

template <bool whole, class Function, class Output, class... Inputs>
__global__ void __launch_bounds__(map_threads)
    broadcast_kernel(Function function, const uint8_t* gate, uint32_t count, JoinedAxes axes, Output* y,
                     Strided<Inputs>... inputs) {
  if (shut(gate)) return;
  constexpr int width = pack_width<Output, Inputs...>();
  const uint32_t thread = blockIdx.x * map_threads + threadIdx.x, packs = count / width;
  if (thread < packs) {
    const uint32_t first = thread * width;
    store_pack(y + first, map_packs<Output, width>(function, gather_pack<whole, width>(
                                                                 axes, inputs.steps, inputs.data, first)...));
    return;
  }
  const uint32_t i = packs * width + (thread - packs);
  if (i < count) y[i] = function(inputs.data[inputs.steps.flat ? i : place(axes, inputs.steps, i)]...);
}

// ---- on the host: strides of the inputs along y's axes, then the joined axes

struct Axis {
  int64_t size;
  int64_t strides[2];  // by input
};

// Elements between neighbours of a dense tensor along each axis of y, to which it is repeated.
inline void dense_strides(const TensorDesc& x, const TensorDesc& y, int input, Axis* axes) {
  int64_t along = 1;
  for (int axis = y.rank - 1; axis >= 0; --axis) {
    const int from = axis - (y.rank - x.rank);
    const int64_t size = from >= 0 ? x.dims[from] : 1;
    axes[axis].strides[input] = size == 1 ? 0 : along;
    along *= size;
  }
}

struct Joined {
  int count = 0;
  Axis axes[max_rank];  // the outermost first
};

inline Joined joined(const TensorDesc& y, const Axis* axes) {
  Joined result;
  for (int i = 0; i < y.rank; ++i) {
    const Axis& next = axes[i];
    if (next.size == 1) continue;
    Axis* last = result.count ? &result.axes[result.count - 1] : nullptr;
    if (last && last->strides[0] == next.strides[0] * next.size &&
        last->strides[1] == next.strides[1] * next.size)
      *last = {last->size * next.size, {next.strides[0], next.strides[1]}};
    else
      result.axes[result.count++] = next;
  }
  return result;
}

inline Steps steps_of(const Joined& joined, int input, bool flat) {
  Steps steps;
  steps.flat = flat;
  for (int i = 0; i < joined.count; ++i) {
    steps.strides[i] = static_cast<uint32_t>(joined.axes[joined.count - 1 - i].strides[input]);
    if (steps.strides[i]) steps.axes = i + 1;
  }
  return steps;
}

// Launches the kernel over y, whose elements an input has at the strides of `axes`.
template <class Function, class Output, class... Inputs>
void map_strided(const Call& call, Function function, const Joined& joined, Output* y,
                 Strided<Inputs>... inputs) {
  constexpr int width = pack_width<Output, Inputs...>();
  const int64_t count = element_count(call.outputs[0].desc), threads = count / width + count % width;
  if (count == 0) return;
  JoinedAxes axes;
  for (int i = 0; i < joined.count; ++i)
    axes.sizes[i] = FastDiv(static_cast<uint32_t>(joined.axes[joined.count - 1 - i].size));
  const bool in_packs = ((inputs.steps.strides[0] <= 1) && ...) && axes.sizes[0].divisor % width == 0;
  launch(in_packs ? broadcast_kernel<true, Function, Output, Inputs...>
                  : broadcast_kernel<false, Function, Output, Inputs...>,
         blocks_for(threads, map_threads), map_threads, 0, stream_of(call), function, call.gate,
         static_cast<uint32_t>(count), axes, y, inputs...);
}

// y = function(a, b) or function(a) of the call's inputs.
template <class Output, class Input, class Function>
void map_broadcast(const Call& call, Function function) {
  const TensorDesc& y = call.outputs[0].desc;
  Axis axes[max_rank] = {};
  for (int axis = 0; axis < y.rank; ++axis) axes[axis].size = y.dims[axis];
  for (int i = 0; i < call.input_count; ++i) dense_strides(call.inputs[i].desc, y, i, axes);
  const Joined all = joined(y, axes);
  const auto strided = [&](int i) {
    const bool flat = element_count(call.inputs[i].desc) == element_count(y);
    return Strided<Input>{input<Input>(call, i), steps_of(all, i, flat)};
  };
  if constexpr (std::is_invocable_v<Function, Input, Input>)
    map_strided(call, function, all, output<Output>(call, 0), strided(0), strided(1));
  else
    map_strided(call, function, all, output<Output>(call, 0), strided(0));
}

// ---- arithmetic of two inputs of one dtype

template <class Attributes>
Refusal one_number_type(const Attributes&, const Signature& step) {
  const DType dtype = step.inputs[0].dtype;
  if (dtype == DType::boolean) return std::string("input 0 is bool; this one needs numbers");
  if (step.inputs[1].dtype != dtype || step.outputs[0].dtype != dtype)
    return std::string("inputs of different dtypes; this one needs the same");
  return needs_31_bits(step);
}

// A whole number as an unsigned one, whose overflow is defined; anything else as it is.
template <class Element>
__device__ __forceinline__ auto wrapping(Element value) {
  if constexpr (std::is_integral_v<Element>)
    return static_cast<std::make_unsigned_t<Element>>(value);
  else
    return value;
}

template <class Operation>
void arithmetic(const Call& call, Operation operation) {
  with_element_type(call.inputs[0].desc.dtype, [&](auto tag) {
    using Element = decltype(tag);
    map_broadcast<Element, Element>(call, operation);
  });
}

}  // namespace fastconv
