// conv2d_pooled_input_gradient: the row for CUDA.
#include "cuda/conv2d/plain.cuh"

namespace fastconv {
namespace {

// ---- plain: a thread an output
__global__ void __launch_bounds__(plain_threads)
    plain_kernel(ConvShape z, PooledGradient dy, const float* filter, float* dx, uint32_t count) {
  const uint32_t i = blockIdx.x * plain_threads + threadIdx.x;
  if (i >= count) return;
  const int64_t pixel = i / z.c;
  dx[i] = plain_input_gradient(z, dy, filter, pixel / (z.h * z.w), pixel / z.w % z.h, pixel % z.w, i % z.c);
}

void plain(const Conv2dPooledInputGradient& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  const int64_t count = element_count(call.outputs[0].desc);
  launch(plain_kernel, blocks_for(count, plain_threads), plain_threads, 0, stream_of(call), z,
         PooledGradient{input<float>(call, 0), input<uint8_t>(call, 1), z.p, z.q, z.k}, input<float>(call, 2),
         output<float>(call, 0), static_cast<uint32_t>(count));
}

Refusal supports(const Conv2dPooledInputGradient&, const Signature& step) {
  return refuse_other_than_pooled(step, 1);
}

const Register<Conv2dPooledInputGradient> on_cuda{
    "cuda", {{"plain", supports, no_workspace, reference_cost, plain, batch_invariant}}};

}  // namespace
}  // namespace fastconv
