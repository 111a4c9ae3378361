// max_pool2d: the largest value of each window, and where in the window it was.
#include "cpu/max_pool2d/max_pool2d.h"
#include "core/parallel.h"
#include "core/shape.h"
#include "plan/registry.h"

namespace fastconv {
namespace {

Refusal supports(const MaxPool2d& a, const Signature& step) {
  if (step.inputs[0].dtype != DType::float32)
    return std::string("dtype ") + dtype_name(step.inputs[0].dtype) + "; this one needs float32";
  if (a.window_h * a.window_w > 255)
    return "windows of " + std::to_string(a.window_h * a.window_w) + " pixels; this one numbers at most 255";
  return std::nullopt;
}

int64_t vector_width() { return active_isa() == Isa::avx512 ? 16 : active_isa() == Isa::avx2 ? 8 : 4; }

Refusal quads_supports(const MaxPool2d& a, const Signature& step) {
  const auto pair = [](int64_t h, int64_t w) { return std::to_string(h) + "x" + std::to_string(w); };
  if (a.window_h != 2 || a.window_w != 2)
    return "window " + pair(a.window_h, a.window_w) + "; this one needs 2x2";
  if (a.stride_h != 2 || a.stride_w != 2)
    return "stride " + pair(a.stride_h, a.stride_w) + "; this one needs 2x2";
  if (a.pad_top || a.pad_bottom || a.pad_left || a.pad_right) return "padding; this one has none";
  const int64_t channels = step.inputs[0].dims[3];
  if (channels % vector_width())
    return std::to_string(channels) + " channels; this one needs a multiple of " +
           std::to_string(vector_width());
  return supports(a, step);
}

// Memory decides: at 8 GB/s everything is moved once.
double cost(const MaxPool2d&, const Signature& step) {
  return static_cast<double>(byte_count(step.inputs[0]) + byte_count(step.outputs[0])) / 8e9;
}
double rows_cost(const MaxPool2d& a, const Signature& step) {
  const double pixels = static_cast<double>(a.window_h * a.window_w);
  return cost(a, step) + static_cast<double>(element_count(step.outputs[0])) * pixels / 4e9;
}

void reference(const MaxPool2d& a, const Call& call) {
  const int64_t *in = call.inputs[0].desc.dims, *out = call.outputs[0].desc.dims;
  const int64_t h = in[1], w = in[2], channels = in[3], p = out[1], q = out[2];
  const float* x = static_cast<const float*>(call.inputs[0].data);
  float* y = static_cast<float*>(call.outputs[0].data);
  uint8_t* argmax = static_cast<uint8_t*>(call.outputs[1].data);
  for (int64_t i = 0; i < element_count(call.outputs[0].desc); ++i) {
    const int64_t c = i % channels, left = i / channels % q * a.stride_w - a.pad_left;
    const int64_t top = i / channels / q % p * a.stride_h - a.pad_top, n = i / channels / q / p;
    int64_t winner = -1;
    float best = 0;
    for (int64_t tap = 0; tap < a.window_h * a.window_w; ++tap) {
      const int64_t row = top + tap / a.window_w, column = left + tap % a.window_w;
      if (row < 0 || row >= h || column < 0 || column >= w) continue;
      const float value = x[((n * h + row) * w + column) * channels + c];
      if (winner < 0 || (best == best && !(value <= best))) best = value, winner = tap;
    }
    y[i] = best;
    argmax[i] = static_cast<uint8_t>(winner);
  }
}

const Register<MaxPool2d> on_cpu{
    "cpu",
    {{"quads", quads_supports, no_workspace, cost, FASTCONV_PICK(max_pool2d_quads), batch_invariant | wide},
     {"rows", supports, no_workspace, rows_cost, FASTCONV_PICK(max_pool2d_rows), batch_invariant | wide},
     {"reference", supports, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
