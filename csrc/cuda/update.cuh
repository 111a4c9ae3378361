// The optimisers' updates as one multi-tensor kernel: every tensor of a group in one launch.
//
// An `Update` is plain data made on the host from the attributes, with
//   Step step(const float* lr, const int64_t* counter) const    numbers of this step, read from device memory
//   void operator()(const Step&, const float (&in)[inputs], float (&out)[outputs]) const
// Outputs may lie over the inputs of their meaning: a thread loads its elements of all inputs before it stores any.
// Products that feed a sum are written as __fmaf_rn, so that packs and tails have the same bits.
#pragma once
#include "cuda/multi_tensor.cuh"

namespace fastconv {

template <class Update, int inputs, int outputs>
__device__ __forceinline__ void update_pack(const Update& update, const typename Update::Step& step,
                                            const Pack<float, 4> (&in)[inputs],
                                            Pack<float, 4> (&out)[outputs]) {
#pragma unroll
  for (int lane = 0; lane < 4; ++lane) {
    float from[inputs], to[outputs];
#pragma unroll
    for (int i = 0; i < inputs; ++i) from[i] = in[i].lanes[lane];
    update(step, from, to);
#pragma unroll
    for (int i = 0; i < outputs; ++i) out[i].lanes[lane] = to[i];
  }
}

template <class Update, int inputs, int outputs>
__global__ void __launch_bounds__(chunk_threads)
    update_kernel(TensorTable<inputs + outputs> table, Update update, const uint8_t* gate, const float* lr,
                  const int64_t* counter) {
  if (shut(gate)) return;
  __shared__ typename Update::Step shared;
  if (threadIdx.x == 0) shared = update.step(lr, counter);
  __syncthreads();
  const typename Update::Step step = shared;
  const Chunk chunk = chunk_of(table, blockIdx.x);
  for (uint32_t i = chunk.begin + threadIdx.x * 4; i < chunk.packs_end; i += chunk_threads * 4) {
    Pack<float, 4> in[inputs], out[outputs];
#pragma unroll
    for (int role = 0; role < inputs; ++role) in[role] = load_pack<4>(table.data[role][chunk.tensor] + i);
    update_pack<Update, inputs, outputs>(update, step, in, out);
#pragma unroll
    for (int role = 0; role < outputs; ++role)
      store_pack(table.data[inputs + role][chunk.tensor] + i, out[role]);
  }
  const uint32_t i = chunk.packs_end + threadIdx.x;
  if (i >= chunk.end) return;
  float from[inputs], to[outputs];
#pragma unroll
  for (int role = 0; role < inputs; ++role) from[role] = table.data[role][chunk.tensor][i];
  update(step, from, to);
#pragma unroll
  for (int role = 0; role < outputs; ++role) table.data[inputs + role][chunk.tensor][i] = to[role];
}

// True if two calls of a group read the same rate (and counter): the inputs behind the tensors.
inline bool same_scalars(const Call& a, const Call& b, int tensors) {
  for (int i = tensors; i < a.input_count; ++i)
    if (a.inputs[i].data != b.inputs[i].data) return false;
  return true;
}

// Updates of like attributes; those that read the same rate share launches.
template <int inputs, int outputs, class Update>
void update_all(const Update& update, const Call* calls, int count) {
  for (int begin = 0, end; begin < count; begin = end) {
    const Call& first = calls[begin];
    const auto* counter = first.input_count > inputs + 1 ? input<int64_t>(first, inputs + 1) : nullptr;
    const auto launch_table = [&](const TensorTable<inputs + outputs>& table, unsigned blocks) {
      launch(update_kernel<Update, inputs, outputs>, blocks, chunk_threads, 0, stream_of(first), table,
             update, first.gate, input<float>(first, inputs), counter);
    };
    TableFiller<inputs + outputs, decltype(launch_table)> tables(launch_table);
    for (end = begin; end < count && same_scalars(first, calls[end], inputs); ++end) {
      float* data[inputs + outputs];
      for (int i = 0; i < inputs; ++i) data[i] = static_cast<float*>(calls[end].inputs[i].data);
      for (int i = 0; i < outputs; ++i) data[inputs + i] = output<float>(calls[end], i);
      tables.add(data, element_count(calls[end].outputs[0].desc));
    }
    tables.finish();
  }
}

}  // namespace fastconv
