// dense_input_gradient: dx = dy times w transposed.
#include "cuda/dense/gemm.h"
#include "cuda/dense/skinny.cuh"
#include "cuda/dense/tile_product.cuh"

namespace fastconv {
namespace {

Refusal skinny_supports(const DenseInputGradient& a, const Signature& step) {
  if (Refusal refusal = dense::few_samples(step.inputs[0].dims[0])) return refusal;
  return all_float32(a, step);
}

void skinny(const DenseInputGradient&, const Call& call) {
  const TensorDesc &dy = call.inputs[0].desc, &w = call.inputs[1].desc;
  if (dy.dims[0] == 0) return;
  const uint32_t m = static_cast<uint32_t>(dy.dims[0]), n = static_cast<uint32_t>(dy.dims[1]),
                 k = static_cast<uint32_t>(w.dims[0]);
  const unsigned blocks = blocks_for(k, dense::skinny_warps * dense::gradient_rows_a_warp);
  dense::with_instance(m, n, [&](auto samples, auto vector) {
    launch(dense::skinny_input_gradient<samples.value, vector.value>, blocks, dense::skinny_threads, 0,
           stream_of(call), m, k, n, input<float>(call, 0), input<float>(call, 1), output<float>(call, 0));
  });
}

// ---- gemm, gemm_tf32
template <class Factors>
Workspace gemm_workspace(const DenseInputGradient& a, const Signature& step) {
  return {InputGradientPass<Factors>(shape_of(a, step), nominal_samples).workspace_bytes(), 0};
}

// The matrix is read and written once more to turn it.
template <class Factors>
double gemm_cost(const DenseInputGradient& a, const Signature& step) {
  return bandwidth_cost(a, step) + 3e-6 + 2 * static_cast<double>(byte_count(step.inputs[1])) * 1e-12 +
         InputGradientPass<Factors>(shape_of(a, step), nominal_samples).products_s();
}

template <class Factors>
void gemm(const DenseInputGradient& a, const Call& call) {
  InputGradientPass<Factors>(shape_of(a, call), nominal_samples)
      .run(input<float>(call, 0), input<float>(call, 1), output<float>(call, 0), call.workspace,
           stream_of(call));
}

double plain_cost(const DenseInputGradient&, const Signature& step) {
  return dense::product_cost(step, static_cast<double>(step.inputs[0].dims[1]), 2e12);
}

void plain(const DenseInputGradient&, const Call& call) {
  const TensorDesc &dy = call.inputs[0].desc, &w = call.inputs[1].desc;
  const dense::ProductShape shape(dy.dims[0], w.dims[0], dy.dims[1]);
  const dense::Epilogue store{output<float>(call, 0), shape.columns};
  launch(dense::tile_product<true, true, dense::Epilogue>, shape.tiles(), dense::tile_threads, 0,
         stream_of(call), shape, input<float>(call, 0), input<float>(call, 1), store, nullptr);
}

const Register<DenseInputGradient> on_cuda{
    "cuda",
    {{"skinny", skinny_supports, no_workspace, bandwidth_cost, skinny, batch_invariant},
     {"gemm_tf32", all_float32, gemm_workspace<Tf32Factors>, gemm_cost<Tf32Factors>, gemm<Tf32Factors>,
      batch_invariant | reduced_precision},
     {"gemm", all_float32, gemm_workspace<ExactFactors>, gemm_cost<ExactFactors>, gemm<ExactFactors>,
      batch_invariant},
     {"plain", all_float32, no_workspace, plain_cost, plain, batch_invariant}}};

}  // namespace
}  // namespace fastconv
