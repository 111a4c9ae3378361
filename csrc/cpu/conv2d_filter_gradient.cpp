// conv2d_filter_gradient: the rows for the CPU.
#include "core/parallel.h"
#include "cpu/conv2d/facts.h"
#include "cpu/conv2d/implicit_gemm.h"
#include "cpu/conv2d/reference.h"

namespace fastconv {
namespace {

// ---- reference: the formula, a sum in double
void reference(const Conv2dFilterGradient& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  const float* x = static_cast<const float*>(call.inputs[0].data);
  const PlainGradient dy{static_cast<const float*>(call.inputs[1].data), z.k};
  float* dfilter = static_cast<float*>(call.outputs[0].data);
  parallel(z.r * z.s * z.group_c(), [&](int64_t row, int) {
    const int64_t tap = row / z.group_c();
    for (int64_t k = 0; k < z.k; ++k)
      dfilter[row * z.k + k] =
          static_cast<float>(filter_gradient_sum(z, x, dy, tap / z.s, tap % z.s, row % z.group_c(), k));
  });
  if (!a.bias) return;
  float* dbias = static_cast<float*>(call.outputs[1].data);
  for (int64_t k = 0; k < z.k; ++k) {
    double sum = 0.0;
    for (int64_t i = 0; i < z.pixels(); ++i) sum += dy(i, k);
    dbias[k] = static_cast<float>(sum);
  }
}

Refusal float32(const Conv2dFilterGradient&, const Signature& step) { return refuse_other_dtypes(step); }

// ---- implicit_gemm
Workspace implicit_gemm_workspace(const Conv2dFilterGradient& a, const Signature& step) {
  const GemmGradientLayout layout = gemm_gradient_layout(shape_of(a, step), a.bias);
  return {layout.shared_bytes, layout.per_thread_bytes};
}
double implicit_gemm_cost(const Conv2dFilterGradient& a, const Signature& step) {
  const ConvShape z = shape_of(a, step);
  return 1.1 * fastconv::implicit_gemm_cost(z, z.group_c(), z.group_k());
}

// ---- first_layer
Refusal first_layer_supports(const Conv2dFilterGradient& a, const Signature& step) {
  if (auto refusal = refuse_other_dtypes(step)) return refusal;
  return refuse_other_than_first_layer(shape_of(a, step));
}
Workspace first_layer_workspace(const Conv2dFilterGradient& a, const Signature& step) {
  const FirstLayerGradientLayout layout = first_layer_gradient_layout(shape_of(a, step));
  return {layout.shared_bytes, layout.per_thread_bytes};
}
double first_layer_cost(const Conv2dFilterGradient& a, const Signature& step) {
  return fastconv::first_layer_cost(shape_of(a, step));
}

// ---- winograd_f4x3
Refusal winograd_supports(const Conv2dFilterGradient& a, const Signature& step) {
  if (auto refusal = refuse_other_dtypes(step)) return refusal;
  return refuse_other_than_unit_3x3(shape_of(a, step));
}
Workspace winograd_workspace(const Conv2dFilterGradient& a, const Signature& step) {
  const WinogradGradientLayout layout = winograd_gradient_layout(shape_of(a, step), a.bias);
  return {layout.shared_bytes, layout.per_thread_bytes};
}
double winograd_cost(const Conv2dFilterGradient& a, const Signature& step) {
  return 1.1 * fastconv::winograd_cost(forward_pass(shape_of(a, step)));
}

const Register<Conv2dFilterGradient> on_cpu{
    "cpu",
    {{"first_layer", first_layer_supports, first_layer_workspace, first_layer_cost,
      FASTCONV_PICK(first_layer_filter_gradient), wide},
     {"winograd_f4x3", winograd_supports, winograd_workspace, winograd_cost,
      FASTCONV_PICK(winograd_f4x3_filter_gradient), wide},
     {"implicit_gemm", float32, implicit_gemm_workspace, implicit_gemm_cost,
      FASTCONV_PICK(implicit_gemm_filter_gradient), wide},
     {"reference", float32, no_workspace, reference_cost, reference}}};

}  // namespace
}  // namespace fastconv
