// What every CUDA stem stands on: launching, the gate, division by numbers known late, Refusal helpers.
//
// Rules that keep kernels verifiable on the emulated runtime (tools/ptxsim): one-dimensional blocks; no dependence on
// the number of multiprocessors or on which block runs first; no warp-synchronous code without its _sync; no float
// atomics; sums in an order that follows from the shape alone; loads clamp their address when masked (an asynchronous
// copy of no bytes reads nothing, wherever it points).
#pragma once
#include <cuda_runtime.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "core/error.h"
#include "core/shape.h"
#include "cuda/check.h"
#include "plan/registry.h"

namespace fastconv {

inline cudaStream_t stream_of(const Call& call) { return static_cast<cudaStream_t>(call.queue); }

// Launches since the library was loaded: tests count what a step costs.
extern std::atomic<int64_t> cuda_launches;

// kernel<<<blocks, threads, shared_bytes, stream>>>(arguments...), checked.  Nothing is launched for no blocks.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 blocks, int threads, size_t shared_bytes, cudaStream_t stream,
            Arguments... arguments) {
  if (blocks.x == 0 || blocks.y == 0 || blocks.z == 0) return;
  kernel<<<blocks, threads, shared_bytes, stream>>>(arguments...);
  ++cuda_launches;
  CUDA_CHECK(cudaGetLastError());
}

// A kernel that takes more than 48 KiB of shared memory must say so once a device, outside any recording (the first
// run of a plan is not recorded).
void allow_shared_bytes(const void* kernel, size_t bytes);

inline unsigned blocks_for(int64_t items, int64_t items_a_block) {
  return static_cast<unsigned>((items + items_a_block - 1) / items_a_block);
}

template <class Element>
const Element* input(const Call& call, int index) {
  return static_cast<const Element*>(call.inputs[index].data);
}
template <class Element>
Element* output(const Call& call, int index) {
  return static_cast<Element*>(call.outputs[index].data);
}

// Rows that work in place, and identity, stand in the closing block of a plan: they write nothing while the gate is 0.
__device__ __forceinline__ bool shut(const uint8_t* gate) { return gate != nullptr && *gate == 0; }

// Division by a number known only at run time, by one multiply-high and one shift; exact for dividends below 2^31
// (Granlund and Montgomery 1994, round-up method).
struct FastDiv {
  uint32_t divisor = 1, multiplier = 0, shift = 0;
  FastDiv() = default;
  explicit FastDiv(uint32_t d) : divisor(d) {
    while ((uint64_t{1} << shift) < d) ++shift;
    multiplier = static_cast<uint32_t>(((uint64_t{1} << 32) * ((uint64_t{1} << shift) - d)) / d + 1);
  }
  __device__ __forceinline__ uint32_t divide(uint32_t x) const {
    return (__umulhi(x, multiplier) + x) >> shift;
  }
  __device__ __forceinline__ uint32_t modulo(uint32_t x) const { return x - divide(x) * divisor; }
};

// ---- refusals
inline Refusal needs_float32(const TensorDesc* descs, int count, const char* kind) {
  for (int i = 0; i < count; ++i)
    if (descs[i].dtype != DType::float32)
      return std::string(kind) + " " + std::to_string(i) + " is " + dtype_name(descs[i].dtype) +
             "; this one needs float32";
  return std::nullopt;
}

// Kernels index with 32 bits.
inline Refusal needs_31_bits(const Signature& step) {
  for (int side = 0; side < 2; ++side)
    for (int i = 0; i < (side ? step.output_count : step.input_count); ++i) {
      const int64_t count = element_count((side ? step.outputs : step.inputs)[i]);
      if (count >= int64_t{1} << 31)
        return std::string(side ? "output " : "input ") + std::to_string(i) + " has " +
               std::to_string(count) + " elements; CUDA kernels take fewer than 2^31";
    }
  return std::nullopt;
}

template <class Attributes>
Refusal all_float32(const Attributes&, const Signature& step) {
  if (Refusal refusal = needs_float32(step.inputs, step.input_count, "input")) return refusal;
  if (Refusal refusal = needs_float32(step.outputs, step.output_count, "output")) return refusal;
  return needs_31_bits(step);
}

// Seconds to move everything once at 1 TB/s, and a launch.
template <class Attributes>
double bandwidth_cost(const Attributes&, const Signature& step) {
  double bytes = 0;
  for (int i = 0; i < step.input_count; ++i) bytes += static_cast<double>(byte_count(step.inputs[i]));
  for (int i = 0; i < step.output_count; ++i) bytes += static_cast<double>(byte_count(step.outputs[i]));
  return 3e-6 + bytes * 1e-12;
}

}  // namespace fastconv
