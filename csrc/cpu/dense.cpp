// dense: y = activation(x w + bias + residual).
#include "cpu/dense/dense.h"

#include <cmath>

#include "cpu/dense_rows.h"

namespace fastconv {
namespace {

DenseShape shape_of(const TensorDesc& x, const TensorDesc& w) { return {x.dims[0], w.dims[0], w.dims[1]}; }

Workspace streams_workspace(const Dense&, const Signature& step) {
  const DenseShape shape = shape_of(step.inputs[0], step.inputs[1]);
  if (shape.split()) return {static_cast<size_t>(shape.partial_floats()) * sizeof(float), 0};
  return {0, 2 * dense_sums * sizeof(float)};
}

Refusal dots_supports(const Dense& a, const Signature& step) {
  if (step.inputs[1].dims[1] != 1)
    return std::to_string(step.inputs[1].dims[1]) + " columns; this one needs 1";
  return all_inputs_float32(a, step);
}

float activate(Activation activation, double value) {
  if (activation == Activation::relu) return static_cast<float>(value < 0.0 ? 0.0 : value);
  if (activation == Activation::sigmoid) return static_cast<float>(1.0 / (1.0 + std::exp(-value)));
  return static_cast<float>(value);
}

void reference(const Dense& a, const Call& call) {
  const DenseShape z = shape_of(call.inputs[0].desc, call.inputs[1].desc);
  const auto input = [&](int i) { return static_cast<const float*>(call.inputs[i].data); };
  float* y = static_cast<float*>(call.outputs[0].data);
  for (int64_t i = 0; i < z.m; ++i)
    for (int64_t j = 0; j < z.n; ++j) {
      double sum = 0.0;
      for (int64_t e = 0; e < z.k; ++e)
        sum += static_cast<double>(input(0)[i * z.k + e]) * input(1)[e * z.n + j];
      if (a.bias) sum += input(2)[j];
      if (a.residual) sum += input(a.bias ? 3 : 2)[i * z.n + j];
      y[i * z.n + j] = activate(a.activation, sum);
    }
}

const Register<Dense> on_cpu{
    "cpu",
    {{"dots", dots_supports, no_workspace, product_cost, FASTCONV_PICK(dense_dots), batch_invariant | wide},
     {"streams", all_inputs_float32, streams_workspace, product_cost, FASTCONV_PICK(dense_streams),
      batch_invariant | wide},
     {"reference", all_inputs_float32, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
