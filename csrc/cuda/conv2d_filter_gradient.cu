// conv2d_filter_gradient: the rows for CUDA.  Splits follow the number of pixels, so the bits depend on the batch.
#include "cuda/conv2d/passes.h"
#include "cuda/conv2d/plain.cuh"

namespace fastconv {
namespace {

// ---- implicit_gemm, implicit_gemm_tf32
Refusal gemm_supports(const Conv2dFilterGradient& a, const Signature& step) {
  if (Refusal refusal = all_float32(a, step)) return refusal;
  return refuse_large_geometry(shape_of(a, step));
}

template <class Factors>
Workspace gemm_workspace(const Conv2dFilterGradient& a, const Signature& step) {
  return {FilterGradientPass<Factors>(shape_of(a, step), a.bias).workspace_bytes(), 0};
}

template <class Factors>
double gemm_cost(const Conv2dFilterGradient& a, const Signature& step) {
  return bandwidth_cost(a, step) + FilterGradientPass<Factors>(shape_of(a, step), a.bias).products_s();
}

float* dbias_of(const Conv2dFilterGradient& a, const Call& call) {
  return a.bias ? output<float>(call, 1) : nullptr;
}

template <class Factors>
void gemm(const Conv2dFilterGradient& a, const Call& call) {
  FilterGradientPass<Factors>(shape_of(a, call), a.bias)
      .run(input<float>(call, 0), input<float>(call, 1), output<float>(call, 0), dbias_of(a, call),
           call.workspace, stream_of(call));
}

// ---- plain: a thread an output
void plain(const Conv2dFilterGradient& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  plain_filter_gradient(z, input<float>(call, 0), PlainGradient{input<float>(call, 1), z.k},
                        output<float>(call, 0), dbias_of(a, call), stream_of(call));
}

const Register<Conv2dFilterGradient> on_cuda{
    "cuda",
    {{"implicit_gemm_tf32", gemm_supports, gemm_workspace<Tf32Factors>, gemm_cost<Tf32Factors>,
      gemm<Tf32Factors>, reduced_precision},
     {"implicit_gemm", gemm_supports, gemm_workspace<ExactFactors>, gemm_cost<ExactFactors>,
      gemm<ExactFactors>},
     {"plain", all_float32, no_workspace, reference_cost, plain}}};

}  // namespace
}  // namespace fastconv
