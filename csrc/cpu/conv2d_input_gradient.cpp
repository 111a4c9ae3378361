// conv2d_input_gradient: the rows for the CPU.
#include "core/parallel.h"
#include "cpu/conv2d/facts.h"
#include "cpu/conv2d/implicit_gemm.h"
#include "cpu/conv2d/reference.h"

namespace fastconv {
namespace {

// ---- reference: the formula, a sum in double
void reference(const Conv2dInputGradient& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  const PlainGradient dy{static_cast<const float*>(call.inputs[0].data), z.k};
  const float* filter = static_cast<const float*>(call.inputs[1].data);
  float* dx = static_cast<float*>(call.outputs[0].data);
  parallel(z.n * z.h, [&](int64_t row, int) {
    for (int64_t w = 0; w < z.w; ++w)
      for (int64_t c = 0; c < z.c; ++c)
        dx[(row * z.w + w) * z.c + c] =
            static_cast<float>(input_gradient_sum(z, dy, filter, row / z.h, row % z.h, w, c));
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
