// adam_update: (param p, grad g, m, v, lr (), step t () int64, counted from 1) -> (p', m', v')
//   p is first shrunk by weight_decay lr p.  m' = m + (1 - beta_1) (g - m),  v' = v + (1 - beta_2) (g^2 - v)
//   p' = p - alpha m' / (sqrt(v') + epsilon),  alpha = lr sqrt(1 - beta_2^t) / (1 - beta_1^t)
//   Output j is written over the input of the same meaning where the row says in_place.
#include "cpu/adam_update/adam_update.h"

#include <cmath>

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

Refusal float32_and_step(const AdamUpdate&, const Signature& step) {
  if (step.inputs[5].dtype != DType::int64) return std::string("step is no int64");
  if (Refusal refusal = needs_float32(step.inputs, 5, "input")) return refusal;
  return needs_float32(step.outputs, 3, "output");
}

AdamStep step_of(const AdamUpdate& attributes, const Call& call) {
  const double lr = *input<float>(call, 4), step = static_cast<double>(*input<int64_t>(call, 5));
  const double alpha =
      lr * std::sqrt(1.0 - std::pow(attributes.beta_2, step)) / (1.0 - std::pow(attributes.beta_1, step));
  return {static_cast<float>(alpha), static_cast<float>(1.0 - attributes.beta_1),
          static_cast<float>(1.0 - attributes.beta_2), static_cast<float>(attributes.epsilon),
          static_cast<float>(1.0 - attributes.weight_decay * lr)};
}

void blocks(const AdamUpdate& attributes, const Call& call) {
  static void (*const run)(const AdamStep&, const Call&) = FASTCONV_PICK(adam_update_blocks);
  run(step_of(attributes, call), call);
}

void reference(const AdamUpdate& attributes, const Call& call) {
  const AdamStep step = step_of(attributes, call);
  const float *p = input<float>(call, 0), *g = input<float>(call, 1), *m = input<float>(call, 2),
              *v = input<float>(call, 3);
  const int64_t count = element_count(call.outputs[0].desc);
  for (int64_t i = 0; i < count; ++i) {
    const float first = m[i] + (g[i] - m[i]) * step.rest_1;
    const float second = v[i] + (g[i] * g[i] - v[i]) * step.rest_2;
    output<float>(call, 0)[i] = p[i] * step.kept - first * step.alpha / (std::sqrt(second) + step.epsilon);
    output<float>(call, 1)[i] = first;
    output<float>(call, 2)[i] = second;
  }
}

const Register<AdamUpdate> on_cpu{
    "cpu",
    {{"blocks", float32_and_step, no_workspace, bandwidth_cost, blocks, in_place | wide},
     {"reference", float32_and_step, no_workspace, reference_cost, reference, in_place}}};

}  // namespace
}  // namespace fastconv
