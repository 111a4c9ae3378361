// sgd_update: (param p, grad g, [velocity v,] lr ()) -> (p', [v'])
//   p is first shrunk by weight_decay lr p.  Without momentum: p' = p - lr g, and there is no velocity.
//   With momentum:  v' = momentum v - lr g,  p' = p + v',  or, nesterov, p' = p + momentum v' - lr g
//   Output j is written over the input of the same meaning where the row says in_place.
#include "cpu/sgd_update/sgd_update.h"

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

SgdStep step_of(const SgdUpdate& attributes, const Call& call) {
  const float lr = *input<float>(call, call.input_count - 1);
  return {lr, static_cast<float>(attributes.momentum),
          1.0f - static_cast<float>(attributes.weight_decay) * lr, attributes.nesterov};
}

void blocks(const SgdUpdate& attributes, const Call& call) {
  static void (*const run)(const SgdStep&, const Call&) = FASTCONV_PICK(sgd_update_blocks);
  run(step_of(attributes, call), call);
}

void reference(const SgdUpdate& attributes, const Call& call) {
  const SgdStep step = step_of(attributes, call);
  const float *p = input<float>(call, 0), *g = input<float>(call, 1);
  float* next_p = output<float>(call, 0);
  const int64_t count = element_count(call.outputs[0].desc);
  if (step.momentum == 0.0f) {
    for (int64_t i = 0; i < count; ++i) next_p[i] = p[i] * step.kept - g[i] * step.lr;
    return;
  }
  const float* v = input<float>(call, 2);
  float* next_v = output<float>(call, 1);
  for (int64_t i = 0; i < count; ++i) {
    const float velocity = v[i] * step.momentum - g[i] * step.lr;
    next_v[i] = velocity;
    next_p[i] = p[i] * step.kept + (step.nesterov ? velocity * step.momentum - g[i] * step.lr : velocity);
  }
}

const Register<SgdUpdate> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost, blocks, in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, in_place}}};

}  // namespace
}  // namespace fastconv
