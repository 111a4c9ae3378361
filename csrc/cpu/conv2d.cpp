// conv2d: the rows for the CPU.
#include "core/parallel.h"
#include "cpu/conv2d/facts.h"
#include "cpu/conv2d/implicit_gemm.h"
#include "cpu/conv2d/reference.h"

#include <cmath>

namespace fastconv {
namespace {

// ---- reference: the formula, a sum in double
float activate(Activation activation, double value) {
  if (activation == Activation::relu) return static_cast<float>(value < 0.0 ? 0.0 : value);
  if (activation == Activation::sigmoid) return static_cast<float>(1.0 / (1.0 + std::exp(-value)));
  return static_cast<float>(value);
}

void reference(const Conv2d& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  const auto input = [&](int i) { return static_cast<const float*>(call.inputs[i].data); };
  const float* bias = a.bias ? input(2) : nullptr;
  const float* residual = a.residual ? input(a.bias ? 3 : 2) : nullptr;
  float* y = static_cast<float*>(call.outputs[0].data);
  parallel(z.n * z.p, [&](int64_t row, int) {
    for (int64_t q = 0; q < z.q; ++q)
      for (int64_t k = 0; k < z.k; ++k) {
        const int64_t at = (row * z.q + q) * z.k + k;
        double sum = forward_sum(z, input(0), input(1), row / z.p, row % z.p, q, k);
        if (bias) sum += bias[k];
        if (residual) sum += residual[at];
        y[at] = activate(a.activation, sum);
      }
  });
}

Refusal float32(const Conv2d&, const Signature& step) { return refuse_other_dtypes(step); }

// ---- implicit_gemm
Workspace implicit_gemm_workspace(const Conv2d& a, const Signature& step) {
  const GemmLayout layout = gemm_layout(forward_gather(shape_of(a, step)));
  return {layout.shared_bytes, layout.per_thread_bytes};
}
double implicit_gemm_cost(const Conv2d& a, const Signature& step) {
  const ConvShape z = shape_of(a, step);
  return fastconv::implicit_gemm_cost(z, z.group_c(), z.group_k());
}

// ---- first_layer
Refusal first_layer_supports(const Conv2d& a, const Signature& step) {
  if (auto refusal = refuse_other_dtypes(step)) return refusal;
  return refuse_other_than_first_layer(shape_of(a, step));
}
Workspace first_layer_workspace(const Conv2d& a, const Signature& step) {
  const FirstLayerLayout layout = first_layer_layout(shape_of(a, step));
  return {layout.shared_bytes, layout.per_thread_bytes};
}
double first_layer_cost(const Conv2d& a, const Signature& step) {
  return fastconv::first_layer_cost(shape_of(a, step));
}

// ---- winograd_f4x3
Refusal winograd_supports(const Conv2d& a, const Signature& step) {
  if (auto refusal = refuse_other_dtypes(step)) return refusal;
  return refuse_other_than_unit_3x3(shape_of(a, step));
}
Workspace winograd_workspace(const Conv2d& a, const Signature& step) {
  const WinogradLayout layout = winograd_layout(forward_pass(shape_of(a, step)));
  return {layout.shared_bytes, layout.per_thread_bytes};
}
double winograd_cost(const Conv2d& a, const Signature& step) {
  return fastconv::winograd_cost(forward_pass(shape_of(a, step)));
}

const Register<Conv2d> on_cpu{
    "cpu",
    {{"first_layer", first_layer_supports, first_layer_workspace, first_layer_cost,
      FASTCONV_PICK(first_layer_forward), batch_invariant | wide},
     {"winograd_f4x3", winograd_supports, winograd_workspace, winograd_cost,
      FASTCONV_PICK(winograd_f4x3_forward), batch_invariant | wide},
     {"implicit_gemm", float32, implicit_gemm_workspace, implicit_gemm_cost,
      FASTCONV_PICK(implicit_gemm_forward), batch_invariant | wide},
     {"reference", float32, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
