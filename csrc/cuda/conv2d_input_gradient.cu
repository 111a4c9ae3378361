// conv2d_input_gradient: the rows for CUDA.
#include "cuda/conv2d/passes.h"
#include "cuda/conv2d/plain.cuh"

namespace fastconv {
namespace {

// ---- implicit_gemm, implicit_gemm_tf32
Refusal gemm_supports(const Conv2dInputGradient& a, const Signature& step) {
  if (Refusal refusal = all_float32(a, step)) return refusal;
  return refuse_large_geometry(shape_of(a, step));
}

template <class Factors>
Workspace gemm_workspace(const Conv2dInputGradient& a, const Signature& step) {
  return {InputGradientPass<Factors>(shape_of(a, step)).workspace_bytes(), 0};
}

template <class Factors>
double gemm_cost(const Conv2dInputGradient& a, const Signature& step) {
  return bandwidth_cost(a, step) + InputGradientPass<Factors>(shape_of(a, step)).products_s();
}

template <class Factors>
void gemm(const Conv2dInputGradient& a, const Call& call) {
  InputGradientPass<Factors>(shape_of(a, call))
      .run(input<float>(call, 0), input<float>(call, 1), output<float>(call, 0), call.workspace,
           stream_of(call));
}

// ---- plain: a thread an output
__global__ void __launch_bounds__(plain_threads)
    plain_kernel(ConvShape z, PlainGradient dy, const float* filter, float* dx, uint32_t count) {
  const uint32_t i = blockIdx.x * plain_threads + threadIdx.x;
  if (i >= count) return;
  const int64_t pixel = i / z.c;
  dx[i] = plain_input_gradient(z, dy, filter, pixel / (z.h * z.w), pixel / z.w % z.h, pixel % z.w, i % z.c);
}

void plain(const Conv2dInputGradient& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  const int64_t count = element_count(call.outputs[0].desc);
  launch(plain_kernel, blocks_for(count, plain_threads), plain_threads, 0, stream_of(call), z,
         PlainGradient{input<float>(call, 0), z.k}, input<float>(call, 1), output<float>(call, 0),
         static_cast<uint32_t>(count));
}

const Register<Conv2dInputGradient> on_cuda{
    "cuda",
    {{"implicit_gemm_tf32", gemm_supports, gemm_workspace<Tf32Factors>, gemm_cost<Tf32Factors>,
      gemm<Tf32Factors>, batch_invariant | reduced_precision},
     {"implicit_gemm", gemm_supports, gemm_workspace<ExactFactors>, gemm_cost<ExactFactors>,
      gemm<ExactFactors>, batch_invariant},
     {"plain", all_float32, no_workspace, reference_cost, plain, batch_invariant}}};

}  // namespace
}  // namespace fastconv
