// conv2d_pooled_filter_gradient: the rows for the CPU.
#include "core/parallel.h"
#include "cpu/conv2d/facts.h"
#include "cpu/conv2d/reference.h"

namespace fastconv {
namespace {

void reference(const Conv2dPooledFilterGradient& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  const float* x = static_cast<const float*>(call.inputs[0].data);
  const PooledGradient dy{static_cast<const float*>(call.inputs[1].data),
                          static_cast<const uint8_t*>(call.inputs[2].data), z};
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
    for (int64_t pixel = 0; pixel < z.pixels(); ++pixel) sum += dy(pixel, k);
    dbias[k] = static_cast<float>(sum);
  }
}

Refusal supports(const Conv2dPooledFilterGradient&, const Signature& step) {
  return refuse_other_than_pooled(step, 2);
}

// ---- first_layer
Refusal first_layer_supports(const Conv2dPooledFilterGradient& a, const Signature& step) {
  if (auto refusal = supports(a, step)) return refusal;
  return refuse_other_than_first_layer(shape_of(a, step));
}
Workspace first_layer_workspace(const Conv2dPooledFilterGradient& a, const Signature& step) {
  const FirstLayerGradientLayout layout = first_layer_gradient_layout(shape_of(a, step), true);
  return {layout.shared_bytes, layout.per_thread_bytes};
}
double first_layer_cost(const Conv2dPooledFilterGradient& a, const Signature& step) {
  return fastconv::first_layer_cost(shape_of(a, step), 0.3);
}

// ---- winograd_f4x3
Refusal winograd_supports(const Conv2dPooledFilterGradient& a, const Signature& step) {
  if (auto refusal = supports(a, step)) return refusal;
  return refuse_other_than_unit_3x3(shape_of(a, step));
}
Workspace winograd_workspace(const Conv2dPooledFilterGradient& a, const Signature& step) {
  const WinogradGradientLayout layout = winograd_gradient_layout(shape_of(a, step), a.bias);
  return {layout.shared_bytes, layout.per_thread_bytes};
}
double winograd_cost(const Conv2dPooledFilterGradient& a, const Signature& step) {
  return fastconv::winograd_cost(forward_pass(shape_of(a, step)));
}

const Register<Conv2dPooledFilterGradient> on_cpu{
    "cpu",
    {{"first_layer", first_layer_supports, first_layer_workspace, first_layer_cost,
      FASTCONV_PICK(first_layer_pooled_filter_gradient), wide},
     {"winograd_f4x3", winograd_supports, winograd_workspace, winograd_cost,
      FASTCONV_PICK(winograd_f4x3_pooled_filter_gradient), wide},
     {"reference", supports, no_workspace, reference_cost, reference}}};

}  // namespace
}  // namespace fastconv
