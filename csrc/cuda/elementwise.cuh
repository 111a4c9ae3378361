// y[i] = function(a[i], b[i], ...) over whole tensors of any dtypes.  A thread takes a pack: as many neighbours as fill
// 16 bytes of the widest operand.  What is left behind the last pack goes element by element.  Every operand starts at a
// multiple of 16 bytes; y may be one of the inputs if their elements are of one size.
#pragma once
#include <algorithm>
#include <type_traits>

#include "cuda/kernel.cuh"

namespace fastconv {

constexpr int map_threads = 256;

// Neighbours that are loaded or stored at once.
template <class Element, int width>
struct alignas(sizeof(Element) * width) Pack {
  Element lanes[width];
};

template <class... Elements>
constexpr int pack_width() {
  return static_cast<int>(16 / std::max({sizeof(Elements)...}));
}

template <int width, class Element>
__device__ __forceinline__ Pack<Element, width> load_pack(const Element* from) {
  return *reinterpret_cast<const Pack<Element, width>*>(from);
}
template <int width, class Element>
__device__ __forceinline__ void store_pack(Element* to, const Pack<Element, width>& pack) {
  *reinterpret_cast<Pack<Element, width>*>(to) = pack;
}

template <class Output, int width, class Function, class... Inputs>
__device__ __forceinline__ Pack<Output, width> map_packs(const Function& function,
                                                         Pack<Inputs, width>... packs) {
  Pack<Output, width> result;
#pragma unroll
  for (int i = 0; i < width; ++i) result.lanes[i] = function(packs.lanes[i]...);
  return result;
}

template <class Function, class Output, class... Inputs>
__global__ void __launch_bounds__(map_threads)
    map_kernel(Function function, const uint8_t* gate, uint32_t count, Output* y, const Inputs*... inputs) {
  if (shut(gate)) return;
  constexpr int width = pack_width<Output, Inputs...>();
  const uint32_t thread = blockIdx.x * map_threads + threadIdx.x, packs = count / width;
  if (thread < packs) {
    const uint32_t first = thread * width;
    store_pack(y + first, map_packs<Output, width>(function, load_pack<width>(inputs + first)...));
    return;
  }
  const uint32_t i = packs * width + (thread - packs);
  if (i < count) y[i] = function(inputs[i]...);
}

// Launches it over all elements of output 0.
template <class Function, class Output, class... Inputs>
void map(const Call& call, Function function, Output* y, const Inputs*... inputs) {
  constexpr int width = pack_width<Output, Inputs...>();
  const int64_t count = element_count(call.outputs[0].desc), threads = count / width + count % width;
  launch(map_kernel<Function, Output, Inputs...>, blocks_for(threads, map_threads), map_threads, 0,
         stream_of(call), function, call.gate, static_cast<uint32_t>(count), y, inputs...);
}

struct Same {  // y = x
  template <class Element>
  __device__ Element operator()(Element x) const {
    return x;
  }
};

// function(tag) with a value of the C++ type that holds `dtype`; bool is held as 0 or 1 in a byte.
template <class Function>
void with_element_type(DType dtype, const Function& function) {
  switch (dtype) {
    case DType::float32: return function(float{});
    case DType::float64: return function(double{});
    case DType::int32: return function(int32_t{});
    case DType::int64: return function(int64_t{});
    case DType::uint8:
    case DType::boolean: return function(uint8_t{});
  }
}

// The same for those that only move elements: an unsigned type of the dtype's size.
template <class Function>
void with_word_type(DType dtype, const Function& function) {
  switch (dtype_bytes(dtype)) {
    case 8: return function(uint64_t{});
    case 4: return function(uint32_t{});
    default: return function(uint8_t{});
  }
}

}  // namespace fastconv
