// conv2d: the rows for CUDA.
#include "cuda/activation.cuh"
#include "cuda/conv2d/first_layer_forward.cuh"
#include "cuda/conv2d/passes.h"
#include "cuda/conv2d/plain.cuh"

namespace fastconv {
namespace {

// ---- implicit_gemm, implicit_gemm_tf32
Refusal gemm_supports(const Conv2d& a, const Signature& step) {
  if (Refusal refusal = all_float32(a, step)) return refusal;
  return refuse_large_geometry(shape_of(a, step));
}

template <class Factors>
Workspace gemm_workspace(const Conv2d& a, const Signature& step) {
  return {ForwardPass<Factors>(shape_of(a, step)).workspace_bytes(), 0};
}

template <class Factors>
double gemm_cost(const Conv2d& a, const Signature& step) {
  return bandwidth_cost(a, step) + ForwardPass<Factors>(shape_of(a, step)).products_s();
}

const float* bias_of(const Conv2d& a, const Call& call) { return a.bias ? input<float>(call, 2) : nullptr; }
const float* residual_of(const Conv2d& a, const Call& call) {
  return a.residual ? input<float>(call, a.bias ? 3 : 2) : nullptr;
}

template <class Factors>
void gemm(const Conv2d& a, const Call& call) {
  ForwardPass<Factors>(shape_of(a, call))
      .run(input<float>(call, 0), input<float>(call, 1), bias_of(a, call), residual_of(a, call), a.activation,
           output<float>(call, 0), call.workspace, stream_of(call));
}

// ---- first_layer
constexpr int64_t most_shared_bytes =
    96 * 1024;  // what a block of every GPU from sm_80 on may have, less a little

Refusal first_layer_supports(const Conv2d& a, const Signature& step) {
  if (Refusal refusal = all_float32(a, step)) return refusal;
  const ConvShape z = shape_of(a, step);
  if (Refusal refusal = refuse_other_than_first(z)) return refusal;
  // Taps that make up whole strides, or an instance, are zeros: they would make NaN of an infinity in x.
  if ((z.s > z.stride_w && z.s % z.stride_w) || shifts_of(z) == 6)
    return "a filter of " + std::to_string(z.s) + " columns in strides of " + std::to_string(z.stride_w) +
           "; this one takes whole strides, and not six";
  if (const int64_t bytes = FirstLayerForward(z).shared_bytes(); bytes > most_shared_bytes)
    return std::to_string(bytes) + " bytes of rows and filter; this one takes up to " +
           std::to_string(most_shared_bytes);
  if (ceil_div(z.k, 8) > 65535) return std::to_string(z.k) + " output channels; this one takes up to 524280";
  return std::nullopt;
}

// Copies and products go on side by side: the longer of the two counts.
double first_layer_cost(const Conv2d& a, const Signature& step) {
  const double products = FirstLayerForward(shape_of(a, step)).products();
  return larger(bandwidth_cost(a, step), products / (0.8 * nominal_multiprocessors * float32_products_per_s));
}

void run_first_layer(const Conv2d& a, const Call& call) {
  FirstLayerForward(shape_of(a, call))
      .run(input<float>(call, 0), input<float>(call, 1), bias_of(a, call), residual_of(a, call), a.activation,
           output<float>(call, 0), stream_of(call));
}

// ---- plain: a thread an output
__global__ void __launch_bounds__(plain_threads)
    plain_kernel(ConvShape z, const float* x, const float* filter, const float* bias, const float* residual,
                 Activation activation, float* y, uint32_t count) {
  const uint32_t i = blockIdx.x * plain_threads + threadIdx.x;
  if (i >= count) return;
  const int64_t k = i % z.k, pixel = i / z.k;
  float sum = plain_forward(z, x, filter, pixel / (z.p * z.q), pixel / z.q % z.p, pixel % z.q, k);
  if (bias) sum += bias[k];
  if (residual) sum += residual[i];
  y[i] = activate(activation, sum);
}

void plain(const Conv2d& a, const Call& call) {
  const int64_t count = element_count(call.outputs[0].desc);
  launch(plain_kernel, blocks_for(count, plain_threads), plain_threads, 0, stream_of(call), shape_of(a, call),
         input<float>(call, 0), input<float>(call, 1), bias_of(a, call), residual_of(a, call), a.activation,
         output<float>(call, 0), static_cast<uint32_t>(count));
}

const Register<Conv2d> on_cuda{
    "cuda",
    {{"first_layer", first_layer_supports, no_workspace, first_layer_cost, run_first_layer, batch_invariant},
     {"implicit_gemm_tf32", gemm_supports, gemm_workspace<Tf32Factors>, gemm_cost<Tf32Factors>,
      gemm<Tf32Factors>, batch_invariant | reduced_precision},
     {"implicit_gemm", gemm_supports, gemm_workspace<ExactFactors>, gemm_cost<ExactFactors>,
      gemm<ExactFactors>, batch_invariant},
     {"plain", all_float32, no_workspace, reference_cost, plain, batch_invariant}}};

}  // namespace
}  // namespace fastconv
