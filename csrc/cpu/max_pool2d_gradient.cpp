// max_pool2d_gradient: each window's gradient goes to the pixel that was its maximum.
#include "cpu/max_pool2d_gradient/max_pool2d_gradient.h"

#include <algorithm>

#include "core/shape.h"
#include "plan/registry.h"

namespace fastconv {
namespace {

Refusal supports(const MaxPool2dGradient&, const Signature& step) {
  if (step.inputs[0].dtype != DType::float32)
    return std::string("dtype ") + dtype_name(step.inputs[0].dtype) + "; this one needs float32";
  return std::nullopt;
}

Refusal select_supports(const MaxPool2dGradient& a, const Signature& step) {
  if (a.stride_h < a.window_h || a.stride_w < a.window_w)
    return "windows that overlap; this one needs them apart";
  return supports(a, step);
}

double cost(const MaxPool2dGradient&, const Signature& step) {
  return static_cast<double>(byte_count(step.inputs[0]) + byte_count(step.outputs[0])) / 8e9;
}
double gather_cost(const MaxPool2dGradient& a, const Signature& step) {
  const double windows =
      static_cast<double>(a.window_h * a.window_w) / static_cast<double>(a.stride_h * a.stride_w);
  return cost(a, step) + static_cast<double>(element_count(step.outputs[0])) * (1 + windows) / 2e9;
}

void reference(const MaxPool2dGradient& a, const Call& call) {
  const TensorDesc& desc = call.inputs[0].desc;
  const int64_t p = desc.dims[1], q = desc.dims[2], channels = desc.dims[3];
  const float* dy = static_cast<const float*>(call.inputs[0].data);
  const uint8_t* argmax = static_cast<const uint8_t*>(call.inputs[1].data);
  const float* y = a.relu ? static_cast<const float*>(call.inputs[2].data) : nullptr;
  float* dx = static_cast<float*>(call.outputs[0].data);
  std::fill_n(dx, element_count(call.outputs[0].desc), 0.0f);
  for (int64_t i = 0; i < element_count(desc); ++i) {
    if (y && y[i] <= 0.0f) continue;
    const int64_t row = i / channels / q % p * a.stride_h - a.pad_top + argmax[i] / a.window_w;
    const int64_t column = i / channels % q * a.stride_w - a.pad_left + argmax[i] % a.window_w;
    const int64_t n = i / channels / q / p;
    dx[((n * a.input_h + row) * a.input_w + column) * channels + i % channels] += dy[i];
  }
}

const Register<MaxPool2dGradient> on_cpu{
    "cpu",
    {{"select", select_supports, no_workspace, cost, FASTCONV_PICK(max_pool2d_gradient_select),
      batch_invariant | wide},
     {"gather", supports, no_workspace, gather_cost, FASTCONV_PICK(max_pool2d_gradient_gather),
      batch_invariant | wide},
     {"reference", supports, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
