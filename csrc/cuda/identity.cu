// identity: y = x, any dtype; by words of 16 bytes where both ends allow, else by bytes.
#include "primitives/identity.h"

#include "cuda/kernel.cuh"

namespace fastconv {
namespace {

constexpr int threads = 256;

template <class Word>
__global__ void __launch_bounds__(threads)
    copy_words(const uint8_t* gate, const Word* x, Word* y, uint32_t count) {
  const uint32_t i = blockIdx.x * threads + threadIdx.x;
  if (i < count && !shut(gate)) y[i] = x[i];
}

Refusal same_spec(const Identity&, const Signature& step) {
  if (step.inputs[0].dtype != step.outputs[0].dtype ||
      byte_count(step.inputs[0]) != byte_count(step.outputs[0]))
    return std::string("input and output differ; a copy changes nothing");
  return needs_31_bits(step);
}

template <class Word>
bool copied_by(const Call& call, size_t bytes) {
  const Word* x = input<Word>(call, 0);
  Word* y = output<Word>(call, 0);
  if ((reinterpret_cast<uintptr_t>(x) | reinterpret_cast<uintptr_t>(y) | bytes) % sizeof(Word)) return false;
  const uint32_t count = static_cast<uint32_t>(bytes / sizeof(Word));
  launch(copy_words<Word>, blocks_for(count, threads), threads, 0, stream_of(call), call.gate, x, y, count);
  return true;
}

void words(const Identity&, const Call& call) {
  const size_t bytes = byte_count(call.outputs[0].desc);
  copied_by<uint4>(call, bytes) || copied_by<uint32_t>(call, bytes) || copied_by<uint8_t>(call, bytes);
}

const Register<Identity> on_cuda{
    "cuda", {{"words", same_spec, no_workspace, bandwidth_cost, words, batch_invariant}}};

}  // namespace
}  // namespace fastconv
