// conv2d_pooled: the rows for the CPU.
#include "core/parallel.h"
#include "cpu/conv2d/facts.h"
#include "cpu/conv2d/reference.h"

namespace fastconv {
namespace {

// ---- reference: the formula, sums in double
void reference(const Conv2dPooled& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  const auto input = [&](int i) { return static_cast<const float*>(call.inputs[i].data); };
  float* const y = static_cast<float*>(call.outputs[0].data);
  uint8_t* const argmax = static_cast<uint8_t*>(call.outputs[1].data);
  const int64_t rows = z.p / 2, columns = z.q / 2;
  parallel(z.n * rows, [&](int64_t row, int) {
    for (int64_t i = 0; i < columns * z.k; ++i) {
      const int64_t column = i / z.k, k = i % z.k;
      float best = 0;
      int winner = -1;
      for (int tap = 0; tap < 4; ++tap) {
        const double sum =
            forward_sum(z, input(0), input(1), row / rows, row % rows * 2 + tap / 2, column * 2 + tap % 2, k);
        const float value = static_cast<float>(sum + (a.bias ? input(2)[k] : 0.0f));
        if (winner < 0 || (best == best && !(value <= best))) best = value, winner = tap;
      }
      y[row * columns * z.k + i] = best < 0.0f ? 0.0f : best;
      argmax[row * columns * z.k + i] = static_cast<uint8_t>(best <= 0.0f ? pooled_no_gradient : winner);
    }
  });
}

Refusal float32(const Conv2dPooled&, const Signature& step) { return refuse_other_dtypes(step); }

// ---- first_layer
Refusal first_layer_supports(const Conv2dPooled& a, const Signature& step) {
  if (auto refusal = refuse_other_dtypes(step)) return refusal;
  return refuse_other_than_first_layer(shape_of(a, step));
}
Workspace first_layer_workspace(const Conv2dPooled& a, const Signature& step) {
  const FirstLayerLayout layout = first_layer_layout(shape_of(a, step), true);
  return {layout.shared_bytes, layout.per_thread_bytes};
}
double first_layer_cost(const Conv2dPooled& a, const Signature& step) {
  return fastconv::first_layer_cost(shape_of(a, step), 0.3);
}

// ---- winograd_f4x3
Refusal winograd_supports(const Conv2dPooled& a, const Signature& step) {
  if (auto refusal = refuse_other_dtypes(step)) return refusal;
  return refuse_other_than_unit_3x3(shape_of(a, step));
}
Workspace winograd_workspace(const Conv2dPooled& a, const Signature& step) {
  const WinogradLayout layout = winograd_layout(forward_pass(shape_of(a, step)));
  return {layout.shared_bytes, layout.per_thread_bytes};
}
double winograd_cost(const Conv2dPooled& a, const Signature& step) {
  return fastconv::winograd_cost(forward_pass(shape_of(a, step)));
}

const Register<Conv2dPooled> on_cpu{
    "cpu",
    {{"first_layer", first_layer_supports, first_layer_workspace, first_layer_cost,
      FASTCONV_PICK(first_layer_pooled), batch_invariant | wide},
     {"winograd_f4x3", winograd_supports, winograd_workspace, winograd_cost,
      FASTCONV_PICK(winograd_f4x3_pooled), batch_invariant | wide},
     {"reference", float32, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
