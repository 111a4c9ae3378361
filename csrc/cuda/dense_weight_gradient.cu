// dense_weight_gradient: dw = x transposed times dy, dbias = sum of dy over the samples.
#include "cuda/dense/gemm.h"
#include "cuda/dense/skinny.cuh"
#include "cuda/dense/tile_product.cuh"

namespace fastconv {
namespace {

float* bias_gradient(const DenseWeightGradient& a, const Call& call) {
  return a.bias ? output<float>(call, 1) : nullptr;
}

Refusal skinny_supports(const DenseWeightGradient& a, const Signature& step) {
  if (Refusal refusal = dense::few_samples(step.inputs[0].dims[0])) return refusal;
  return all_float32(a, step);
}

void skinny(const DenseWeightGradient& a, const Call& call) {
  const TensorDesc &x = call.inputs[0].desc, &dy = call.inputs[1].desc;
  const uint32_t m = static_cast<uint32_t>(x.dims[0]), k = static_cast<uint32_t>(x.dims[1]),
                 n = static_cast<uint32_t>(dy.dims[1]);
  dense::with_instance(m, n, [&](auto samples, auto vector) {
    const unsigned column_blocks = blocks_for(n, 32 * vector.value);
    launch(dense::skinny_weight_gradient<samples.value, vector.value>,
           column_blocks * blocks_for(k, dense::weight_rows_a_block), dense::skinny_threads, 0,
           stream_of(call), m, k, n, column_blocks, input<float>(call, 0), input<float>(call, 1),
           output<float>(call, 0), bias_gradient(a, call));
  });
}

// ---- gemm, gemm_tf32
template <class Factors>
Workspace gemm_workspace(const DenseWeightGradient& a, const Signature& step) {
  return {FilterGradientPass<Factors>(shape_of(a, step), a.bias).workspace_bytes(), 0};
}

template <class Factors>
double gemm_cost(const DenseWeightGradient& a, const Signature& step) {
  return bandwidth_cost(a, step) + FilterGradientPass<Factors>(shape_of(a, step), a.bias).products_s();
}

template <class Factors>
void gemm(const DenseWeightGradient& a, const Call& call) {
  FilterGradientPass<Factors>(shape_of(a, call), a.bias)
      .run(input<float>(call, 0), input<float>(call, 1), output<float>(call, 0), bias_gradient(a, call),
           call.workspace, stream_of(call));
}

double plain_cost(const DenseWeightGradient&, const Signature& step) {
  return dense::product_cost(step, static_cast<double>(step.inputs[0].dims[0]), 2e12);
}

void plain(const DenseWeightGradient& a, const Call& call) {
  const TensorDesc &x = call.inputs[0].desc, &dy = call.inputs[1].desc;
  const dense::ProductShape shape(x.dims[1], dy.dims[1], x.dims[0]);
  const dense::Epilogue store{output<float>(call, 0), shape.columns};
  launch(dense::tile_product<false, false, dense::Epilogue>, shape.tiles(), dense::tile_threads, 0,
         stream_of(call), shape, input<float>(call, 0), input<float>(call, 1), store, bias_gradient(a, call));
}

const Register<DenseWeightGradient> on_cuda{
    "cuda",
    {{"skinny", skinny_supports, no_workspace, bandwidth_cost, skinny},
     {"gemm_tf32", all_float32, gemm_workspace<Tf32Factors>, gemm_cost<Tf32Factors>, gemm<Tf32Factors>,
      reduced_precision},
     {"gemm", all_float32, gemm_workspace<ExactFactors>, gemm_cost<ExactFactors>, gemm<ExactFactors>},
     {"plain", all_float32, no_workspace, plain_cost, plain}}};

}  // namespace
}  // namespace fastconv
