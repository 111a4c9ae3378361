// conv2d_filter_gradient: the rows for CUDA.  Splits follow the number of pixels, so the bits depend on the batch.
#include "cuda/conv2d/first_layer_filter_gradient.cuh"
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

// Where x is gathered element by element, that and not the products takes the time: 3 channels have reached an eighth
// of the rate.
template <class Factors>
double gemm_cost(const Conv2dFilterGradient& a, const Signature& step) {
  const ConvShape z = shape_of(a, step);
  const double slower = z.group_c() % 4 ? 8 : 1;
  return bandwidth_cost(a, step) + slower * FilterGradientPass<Factors>(z, a.bias).products_s();
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

// ---- first_layer
Refusal first_layer_supports(const Conv2dFilterGradient& a, const Signature& step) {
  if (Refusal refusal = all_float32(a, step)) return refusal;
  return refuse_other_than_first(shape_of(a, step));
}

Workspace first_layer_workspace(const Conv2dFilterGradient& a, const Signature& step) {
  return {FirstLayerFilterGradient(shape_of(a, step), a.bias).workspace_bytes(), 0};
}

// Copies and products go on side by side: the longer of the two counts.
double first_layer_cost(const Conv2dFilterGradient& a, const Signature& step) {
  const double products = FirstLayerFilterGradient(shape_of(a, step), a.bias).products();
  const double products_s = products / (0.8 * nominal_multiprocessors * float32_products_per_s);
  return 3e-6 + larger(bandwidth_cost(a, step), products_s);
}

void first_layer_gradient(const Conv2dFilterGradient& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  FirstLayerFilterGradient(z, a.bias).run(z, input<float>(call, 0), input<float>(call, 1),
                                          output<float>(call, 0), dbias_of(a, call), call.workspace,
                                          stream_of(call));
}

// ---- plain: a thread an output
void plain(const Conv2dFilterGradient& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  plain_filter_gradient(z, input<float>(call, 0), PlainGradient{input<float>(call, 1), z.k},
                        output<float>(call, 0), dbias_of(a, call), stream_of(call));
}

const Register<Conv2dFilterGradient> on_cuda{
    "cuda",
    {{"first_layer", first_layer_supports, first_layer_workspace, first_layer_cost, first_layer_gradient},
     {"implicit_gemm_tf32", gemm_supports, gemm_workspace<Tf32Factors>, gemm_cost<Tf32Factors>,
      gemm<Tf32Factors>, reduced_precision},
     {"implicit_gemm", gemm_supports, gemm_workspace<ExactFactors>, gemm_cost<ExactFactors>,
      gemm<ExactFactors>},
     {"plain", all_float32, no_workspace, reference_cost, plain}}};

}  // namespace
}  // namespace fastconv
