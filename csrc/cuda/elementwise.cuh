// y[i] = function(a[i], b[i], ...) over whole float tensors: 16 bytes a thread and access where every pointer allows,
// single elements at the tail.
#pragma once
#include "cuda/kernel.cuh"

namespace fastconv {

constexpr int map_threads = 256;

template <class Function, class... Inputs>
__global__ void __launch_bounds__(map_threads)
    map_kernel(Function function, const uint8_t* gate, uint32_t count, bool by_four, float* y,
               const Inputs*... inputs) {
  if (shut(gate)) return;
  const uint32_t thread = blockIdx.x * map_threads + threadIdx.x;
  const uint32_t fours = by_four ? count / 4 : 0;
  if (thread < fours) {
    const auto at = [&](const float* p) { return reinterpret_cast<const float4*>(p)[thread]; };
    const auto apply = [&](auto... v) {
      return make_float4(function(v.x...), function(v.y...), function(v.z...), function(v.w...));
    };
    reinterpret_cast<float4*>(y)[thread] = apply(at(inputs)...);
    return;
  }
  const uint32_t i = fours * 4 + (thread - fours);
  if (i < count) y[i] = function(inputs[i]...);
}

// Launches it; `y` may be one of the inputs.
template <class Function, class... Inputs>
void map(const Call& call, Function function, float* y, const Inputs*... inputs) {
  const int64_t count = element_count(call.outputs[0].desc);
  uintptr_t bits = reinterpret_cast<uintptr_t>(y);
  ((bits |= reinterpret_cast<uintptr_t>(inputs)), ...);
  const bool by_four = bits % 16 == 0;
  const int64_t threads = by_four ? count / 4 + count % 4 : count;
  launch(map_kernel<Function, Inputs...>, blocks_for(threads, map_threads), map_threads, 0, stream_of(call),
         function, call.gate, static_cast<uint32_t>(count), by_four, y, inputs...);
}

}  // namespace fastconv
