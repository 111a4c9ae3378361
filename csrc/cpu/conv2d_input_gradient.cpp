// conv2d_input_gradient: the rows for the CPU.
#include "core/parallel.h"
#include "cpu/conv2d/facts.h"
#include "cpu/conv2d/implicit_gemm.h"

namespace fastconv {
namespace {

// ---- reference: the formula, a sum in double
double sum_at(const ConvShape& z, const float* dy, const float* filter, int64_t n, int64_t h, int64_t w,
              int64_t c) {
  const int64_t group = c / z.group_c(), first_k = group * z.group_k();
  double sum = 0.0;
  for (int64_t r = 0; r < z.r; ++r)
    for (int64_t s = 0; s < z.s; ++s) {
      const int64_t at_h = h + z.pad_top - r * z.dilation_h, at_w = w + z.pad_left - s * z.dilation_w;
      if (at_h < 0 || at_w < 0 || at_h % z.stride_h || at_w % z.stride_w) continue;
      const int64_t p = at_h / z.stride_h, q = at_w / z.stride_w;
      if (p >= z.p || q >= z.q) continue;
      const float* pixel = dy + ((n * z.p + p) * z.q + q) * z.k + first_k;
      const float* tap = filter + ((r * z.s + s) * z.group_c() + c % z.group_c()) * z.k + first_k;
      for (int64_t k = 0; k < z.group_k(); ++k) sum += static_cast<double>(pixel[k]) * tap[k];
    }
  return sum;
}

void reference(const Conv2dInputGradient& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  const float* dy = static_cast<const float*>(call.inputs[0].data);
  const float* filter = static_cast<const float*>(call.inputs[1].data);
  float* dx = static_cast<float*>(call.outputs[0].data);
  parallel(z.n * z.h, [&](int64_t row, int) {
    for (int64_t w = 0; w < z.w; ++w)
      for (int64_t c = 0; c < z.c; ++c)
        dx[(row * z.w + w) * z.c + c] = static_cast<float>(sum_at(z, dy, filter, row / z.h, row % z.h, w, c));
  });
}

Refusal float32(const Conv2dInputGradient&, const Signature& step) { return refuse_other_dtypes(step); }

// ---- implicit_gemm: a gather for each residue of the strides; the largest residue's memory serves all
Workspace implicit_gemm_workspace(const Conv2dInputGradient& a, const Signature& step) {
  const ConvShape z = shape_of(a, step);
  Workspace most{0, 0};
  for (int64_t h = 0; h < smaller(z.stride_h, z.h); ++h)
    for (int64_t w = 0; w < smaller(z.stride_w, z.w); ++w) {
      const GemmLayout layout = gemm_layout(gradient_gather(z, h, w));
      most.shared_bytes = larger(most.shared_bytes, layout.shared_bytes);
      most.per_thread_bytes = larger(most.per_thread_bytes, layout.per_thread_bytes);
    }
  return most;
}
double implicit_gemm_cost(const Conv2dInputGradient& a, const Signature& step) {
  const ConvShape z = shape_of(a, step);
  return fastconv::implicit_gemm_cost(z, z.group_k(), z.group_c());
}

// ---- winograd_f4x3
Refusal winograd_supports(const Conv2dInputGradient& a, const Signature& step) {
  if (auto refusal = refuse_other_dtypes(step)) return refusal;
  return refuse_other_than_unit_3x3(shape_of(a, step));
}
Workspace winograd_workspace(const Conv2dInputGradient& a, const Signature& step) {
  const WinogradLayout layout = winograd_layout(input_gradient_pass(shape_of(a, step)));
  return {layout.shared_bytes, layout.per_thread_bytes};
}
double winograd_cost(const Conv2dInputGradient& a, const Signature& step) {
  return fastconv::winograd_cost(input_gradient_pass(shape_of(a, step)));
}

const Register<Conv2dInputGradient> on_cpu{
    "cpu",
    {{"winograd_f4x3", winograd_supports, winograd_workspace, winograd_cost,
      FASTCONV_PICK(winograd_f4x3_input_gradient), batch_invariant | wide},
     {"implicit_gemm", float32, implicit_gemm_workspace, implicit_gemm_cost,
      FASTCONV_PICK(implicit_gemm_input_gradient), batch_invariant | wide},
     {"reference", float32, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
