// rmsprop_update: (param p, grad g, mean_square s, [buffer b,] [mean m,] lr ()) -> (p', s', [b',] [m'])
//   p is first shrunk by weight_decay lr p.  s' = rho s + (1 - rho) g^2;  centered: m' = rho m + (1 - rho) g, else no m
//   d = lr g / sqrt(s' - m'^2 + epsilon);  momentum > 0: b' = momentum b + d, p' = p - b';  else no b, p' = p - d
//   Output j is written over the input of the same meaning where the row says in_place.
#include "cpu/rmsprop_update/rmsprop_update.h"

#include <cmath>

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

RmspropStep step_of(const RmspropUpdate& attributes, const Call& call) {
  const float lr = *input<float>(call, call.input_count - 1);
  return {lr,
          static_cast<float>(attributes.rho),
          static_cast<float>(1.0 - attributes.rho),
          static_cast<float>(attributes.momentum),
          static_cast<float>(attributes.epsilon),
          1.0f - static_cast<float>(attributes.weight_decay) * lr,
          attributes.centered};
}

void blocks(const RmspropUpdate& attributes, const Call& call) {
  static void (*const run)(const RmspropStep&, const Call&) = FASTCONV_PICK(rmsprop_update_blocks);
  run(step_of(attributes, call), call);
}

void reference(const RmspropUpdate& attributes, const Call& call) {
  const RmspropStep step = step_of(attributes, call);
  const float *p = input<float>(call, 0), *g = input<float>(call, 1), *s = input<float>(call, 2);
  const bool with_momentum = step.momentum > 0.0f;
  const int mean =
      with_momentum ? 3 : 2;  // its place among the outputs; among the inputs one later, behind g
  const int64_t count = element_count(call.outputs[0].desc);
  for (int64_t i = 0; i < count; ++i) {
    const float square = step.rho * s[i] + step.rest * g[i] * g[i];
    float spread = square + step.epsilon;
    if (step.centered) {
      const float m = step.rho * input<float>(call, mean + 1)[i] + step.rest * g[i];
      output<float>(call, mean)[i] = m;
      spread = square - m * m + step.epsilon;
    }
    float change = step.lr * g[i] / std::sqrt(spread);
    if (with_momentum) output<float>(call, 2)[i] = change = step.momentum * input<float>(call, 3)[i] + change;
    output<float>(call, 0)[i] = p[i] * step.kept - change;
    output<float>(call, 1)[i] = square;
  }
}

const Register<RmspropUpdate> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost, blocks, in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, in_place}}};

}  // namespace
}  // namespace fastconv
