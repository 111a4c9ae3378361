// dense: y = activation(x w + bias + residual).
#include "primitives/dense.h"

#include "cuda/dense/gemm.h"
#include "cuda/dense/skinny.cuh"
#include "cuda/dense/tile_product.cuh"

namespace fastconv {
namespace {

dense::Epilogue epilogue_of(const Dense& a, const Call& call) {
  dense::Epilogue epilogue{output<float>(call, 0), static_cast<uint32_t>(call.outputs[0].desc.dims[1])};
  if (a.bias) epilogue.bias = input<float>(call, 2);
  if (a.residual) epilogue.residual = input<float>(call, a.bias ? 3 : 2);
  epilogue.activation = a.activation;
  return epilogue;
}

dense::SkinnyShape skinny_shape(const TensorDesc& x, const TensorDesc& w) {
  return {x.dims[0], w.dims[0], w.dims[1]};
}

Refusal skinny_supports(const Dense& a, const Signature& step) {
  if (Refusal refusal = dense::few_samples(step.inputs[0].dims[0])) return refusal;
  return all_float32(a, step);
}

Workspace skinny_workspace(const Dense&, const Signature& step) {
  return {skinny_shape(step.inputs[0], step.inputs[1]).partial_floats() * sizeof(float), 0};
}

double skinny_cost(const Dense& a, const Signature& step) {
  const bool split = skinny_workspace(a, step).shared_bytes > 0;
  return bandwidth_cost(a, step) + (split ? 3e-6 : 0);
}

void skinny(const Dense& a, const Call& call) {
  const dense::SkinnyShape z = skinny_shape(call.inputs[0].desc, call.inputs[1].desc);
  const dense::Epilogue epilogue = epilogue_of(a, call);
  const cudaStream_t stream = stream_of(call);
  const uint32_t count = z.m * z.n;
  if (count == 0) return;
  float* const partials = z.splits > 1 ? static_cast<float*>(call.workspace) : nullptr;
  dense::with_instance(z.m, z.n, [&](auto samples, auto vector) {
    launch(dense::skinny_forward<samples.value, vector.value>, z.column_blocks * z.splits,
           dense::skinny_threads, 0, stream, z, input<float>(call, 0), input<float>(call, 1), epilogue,
           partials);
  });
  if (partials)
    launch(dense::add_splits<dense::Epilogue>, blocks_for(count, dense::skinny_threads),
           dense::skinny_threads, 0, stream, partials, z.splits, count, FastDiv(z.n), epilogue);
}

// ---- gemm, gemm_tf32
template <class Factors>
ForwardPass<Factors> gemm_pass(const Dense& a, const Signature& step) {
  return ForwardPass<Factors>(shape_of(a, step), nominal_samples);
}

template <class Factors>
Workspace gemm_workspace(const Dense& a, const Signature& step) {
  return {gemm_pass<Factors>(a, step).workspace_bytes(), 0};
}

template <class Factors>
double gemm_cost(const Dense& a, const Signature& step) {
  return bandwidth_cost(a, step) + gemm_pass<Factors>(a, step).products_s();
}

template <class Factors>
void gemm(const Dense& a, const Call& call) {
  const dense::Epilogue epilogue = epilogue_of(a, call);
  ForwardPass<Factors>(shape_of(a, call), nominal_samples)
      .run(input<float>(call, 0), input<float>(call, 1), epilogue.bias, epilogue.residual,
           epilogue.activation, epilogue.y, call.workspace, stream_of(call));
}

double plain_cost(const Dense&, const Signature& step) {
  return dense::product_cost(step, static_cast<double>(step.inputs[0].dims[1]), 2e12);
}

void plain(const Dense& a, const Call& call) {
  const TensorDesc &x = call.inputs[0].desc, &w = call.inputs[1].desc;
  const dense::ProductShape shape(x.dims[0], w.dims[1], w.dims[0]);
  launch(dense::tile_product<true, false, dense::Epilogue>, shape.tiles(), dense::tile_threads, 0,
         stream_of(call), shape, input<float>(call, 0), input<float>(call, 1), epilogue_of(a, call), nullptr);
}

const Register<Dense> on_cuda{
    "cuda",
    {{"skinny", skinny_supports, skinny_workspace, skinny_cost, skinny, batch_invariant},
     {"gemm_tf32", all_float32, gemm_workspace<Tf32Factors>, gemm_cost<Tf32Factors>, gemm<Tf32Factors>,
      batch_invariant | reduced_precision},
     {"gemm", all_float32, gemm_workspace<ExactFactors>, gemm_cost<ExactFactors>, gemm<ExactFactors>,
      batch_invariant},
     {"plain", all_float32, no_workspace, plain_cost, plain, batch_invariant}}};

}  // namespace
}  // namespace fastconv
