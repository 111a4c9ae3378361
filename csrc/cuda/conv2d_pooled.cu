// conv2d_pooled: the row for CUDA, which fusing never prefers: convolution and pooling apart are faster.
#include "cuda/conv2d/plain.cuh"

namespace fastconv {
namespace {

// ---- plain: a thread a window
__global__ void __launch_bounds__(plain_threads)
    plain_kernel(ConvShape z, const float* x, const float* filter, const float* bias, float* y,
                 uint8_t* argmax, uint32_t count) {
  const uint32_t i = blockIdx.x * plain_threads + threadIdx.x;
  if (i >= count) return;
  const int64_t k = i % z.k, window = i / z.k, rows = z.p / 2, columns = z.q / 2;
  const int64_t n = window / (rows * columns), row = window / columns % rows, column = window % columns;
  float best = 0.0f;
  int winner = -1;
  for (int tap = 0; tap < 4; ++tap) {
    const float sum = plain_forward(z, x, filter, n, row * 2 + tap / 2, column * 2 + tap % 2, k);
    const float value = bias ? sum + bias[k] : sum;
    if (winner < 0 || (best == best && !(value <= best))) best = value, winner = tap;
  }
  y[i] = best < 0.0f ? 0.0f : best;
  argmax[i] = static_cast<uint8_t>(best <= 0.0f ? pooled_no_gradient : winner);
}

void plain(const Conv2dPooled& a, const Call& call) {
  const int64_t count = element_count(call.outputs[0].desc);
  launch(plain_kernel, blocks_for(count, plain_threads), plain_threads, 0, stream_of(call), shape_of(a, call),
         input<float>(call, 0), input<float>(call, 1), a.bias ? input<float>(call, 2) : nullptr,
         output<float>(call, 0), output<uint8_t>(call, 1), static_cast<uint32_t>(count));
}

Refusal supports(const Conv2dPooled&, const Signature& step) {
  if (Refusal refusal = needs_float32(step.inputs, step.input_count, "input")) return refusal;
  return needs_31_bits(step);
}

const Register<Conv2dPooled> on_cuda{
    "cuda", {{"plain", supports, no_workspace, reference_cost, plain, batch_invariant}}};

}  // namespace
}  // namespace fastconv
