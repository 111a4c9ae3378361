// dropout: y = x / (1 - rate) where kept, else 0; the mask follows from the key alone, the same as on the CPU.
// A thread takes quads of elements, each with one Philox; where samples are no multiple of 4 long, a quad is not aligned
// and goes element by element, and a sample's last quad may be short.
#include "primitives/dropout.h"

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

constexpr int quads_a_thread = 4;  // they share the mixing of the key

struct Geometry {
  uint32_t quads, size;  // of all samples; elements of one
  FastDiv sample_quads;
};

template <bool whole>
__global__ void __launch_bounds__(map_threads)
    drop(Dropout attributes, Geometry geometry, uint32_t threshold, float scale, const uint8_t* gate,
         const float* x, const int64_t* key, float* y) {
  if (shut(gate)) return;
  const DropoutStream stream = dropout_stream(attributes, key);  // threshold and scale are the host's
  uint32_t index = blockIdx.x * map_threads * quads_a_thread + threadIdx.x;
#pragma unroll
  for (int i = 0; i < quads_a_thread; ++i, index += map_threads) {
    if (index >= geometry.quads) return;
    const uint32_t n = geometry.sample_quads.divide(index), quad = index - n * geometry.sample_quads.divisor;
    const Philox4 draws = philox(n, quad, 0, stream.step, stream.key_low, stream.key_high);
    const auto dropped = [&](int lane, float value) {
      return draws.words[lane] >> 8 >= threshold ? value * scale : 0.0f;
    };
    const uint32_t first = n * geometry.size + quad * 4;
    if constexpr (whole) {
      auto pack = load_pack<4>(x + first);
#pragma unroll
      for (int lane = 0; lane < 4; ++lane) pack.lanes[lane] = dropped(lane, pack.lanes[lane]);
      store_pack(y + first, pack);
    } else {
#pragma unroll
      for (int lane = 0; lane < 4; ++lane)
        if (quad * 4 + lane < geometry.size) y[first + lane] = dropped(lane, x[first + lane]);
    }
  }
}

Refusal float32_and_key(const Dropout&, const Signature& step) {
  if (step.inputs[0].rank == 0) return std::string("input without axes; the first axis counts the samples");
  if (step.inputs[1].dtype != DType::int64 || element_count(step.inputs[1]) != 2)
    return std::string("key is no int64 (2)");
  if (Refusal refusal = needs_float32(step.inputs, 1, "input")) return refusal;
  if (Refusal refusal = needs_float32(step.outputs, 1, "output")) return refusal;
  return needs_31_bits(step);
}

void drop_quads(const Dropout& attributes, const Call& call) {
  const int64_t count = element_count(call.inputs[0].desc);
  if (count == 0) return;
  const int64_t samples = call.inputs[0].desc.dims[0], size = count / samples, quads = (size + 3) / 4;
  const int64_t no_key[2] = {};
  const DropoutStream fixed = dropout_stream(attributes, no_key);
  const Geometry geometry{static_cast<uint32_t>(samples * quads), static_cast<uint32_t>(size),
                          FastDiv(static_cast<uint32_t>(quads))};
  launch(size % 4 ? drop<false> : drop<true>, blocks_for(geometry.quads, map_threads * quads_a_thread),
         map_threads, 0, stream_of(call), attributes, geometry, fixed.threshold, fixed.scale, call.gate,
         input<float>(call, 0), input<int64_t>(call, 1), output<float>(call, 0));
}

// When not training, x goes through unchanged.
void quads(const Dropout& attributes, const Call& call) {
  if (attributes.training) return drop_quads(attributes, call);
  if (call.outputs[0].data != call.inputs[0].data)
    map(call, Same{}, output<float>(call, 0), input<float>(call, 0));
}

const Register<Dropout> on_cuda{"cuda",
                                {{"quads", float32_and_key, no_workspace, bandwidth_cost, quads, in_place}}};

}  // namespace
}  // namespace fastconv
