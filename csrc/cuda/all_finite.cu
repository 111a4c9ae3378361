// all_finite: any number of float32 tensors -> uint8 (): 1 if no element is infinite or NaN, else 0.
// The flag begins as 1; every thread that finds such an element writes 0, so that the order does not matter.
#include "primitives/all_finite.h"

#include "cuda/multi_tensor.cuh"

namespace fastconv {
namespace {

__device__ __forceinline__ bool finite(float x) { return (__float_as_uint(x) & 0x7f800000u) != 0x7f800000u; }

__global__ void __launch_bounds__(chunk_threads) find_not_finite(TensorTable<1> table, uint8_t* flag) {
  const Chunk chunk = chunk_of(table, blockIdx.x);
  const float* x = table.data[0][chunk.tensor];
  bool all = true;
#pragma unroll
  for (uint32_t k = 0; k < chunk_elements; k += chunk_threads * 4) {
    const uint32_t i = chunk.begin + k + threadIdx.x * 4;
    if (i >= chunk.packs_end) continue;
    const auto pack = load_pack<4>(x + i);
#pragma unroll
    for (float lane : pack.lanes) all &= finite(lane);
  }
  const uint32_t i = chunk.packs_end + threadIdx.x;
  if (i < chunk.end) all &= finite(x[i]);
  if (!all) *static_cast<volatile uint8_t*>(flag) = 0;
}

Refusal float32_to_flag(const AllFinite&, const Signature& step) {
  if (step.outputs[0].dtype != DType::uint8) return std::string("output is no uint8 flag");
  if (Refusal refusal = needs_float32(step.inputs, step.input_count, "input")) return refusal;
  return needs_31_bits(step);
}

void chunks(const AllFinite&, const Call& call) {
  uint8_t* flag = output<uint8_t>(call, 0);
  CUDA_CHECK(cudaMemsetAsync(flag, 1, 1, stream_of(call)));
  const auto launch_table = [&](const TensorTable<1>& table, unsigned blocks) {
    launch(find_not_finite, blocks, chunk_threads, 0, stream_of(call), table, flag);
  };
  TableFiller<1, decltype(launch_table)> tables(launch_table);
  for (int i = 0; i < call.input_count; ++i)
    tables.add({static_cast<float*>(call.inputs[i].data)}, element_count(call.inputs[i].desc));
  tables.finish();
}

const Register<AllFinite> on_cuda{"cuda",
                                  {{"chunks", float32_to_flag, no_workspace, bandwidth_cost, chunks}}};

}  // namespace
}  // namespace fastconv
