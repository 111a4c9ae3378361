// rmsprop_update: (param p, grad g, mean_square s, [buffer b,] [mean m,] lr ()) -> (p', s', [b',] [m'])
//   p is first shrunk by weight_decay lr p.  s' = rho s + (1 - rho) g^2;  centered: m' = rho m + (1 - rho) g, else no m
//   d = lr g / sqrt(s' - m'^2 + epsilon);  momentum > 0: b' = momentum b + d, p' = p - b';  else no b, p' = p - d
#include "primitives/rmsprop_update.h"

#include "cuda/update.cuh"

namespace fastconv {
namespace {

// Inputs p, g, s, then b if there is momentum, then m if centered; outputs the same without g.
template <bool with_momentum, bool centered>
struct Rmsprop {
  using Step = RmspropStep;
  static constexpr int states = 1 + with_momentum + centered;
  float rho, rest, momentum, epsilon, weight_decay;

  explicit Rmsprop(const RmspropUpdate& a)
      : rho(static_cast<float>(a.rho)),
        rest(static_cast<float>(1.0 - a.rho)),
        momentum(static_cast<float>(a.momentum)),
        epsilon(static_cast<float>(a.epsilon)),
        weight_decay(static_cast<float>(a.weight_decay)) {}

  __device__ Step step(const float* lr, const int64_t*) const {
    return {*lr, rho, rest, momentum, epsilon, __fmaf_rn(-weight_decay, *lr, 1.0f), centered};
  }
  __device__ void operator()(const Step& step, const float (&in)[2 + states],
                             float (&out)[1 + states]) const {
    const float g = in[1];
    out[1] = __fmaf_rn(in[2], step.rho, g * g * step.rest);
    float spread = out[1] + step.epsilon;
    if constexpr (centered) {
      out[states] = __fmaf_rn(in[1 + states], step.rho, g * step.rest);
      spread = __fmaf_rn(-out[states], out[states], out[1]) + step.epsilon;
    }
    float change = g * step.lr / sqrtf(spread);
    if constexpr (with_momentum) change = out[2] = __fmaf_rn(in[3], step.momentum, change);
    out[0] = __fmaf_rn(in[0], step.kept, -change);
  }
};

template <bool with_momentum, bool centered>
void update_with(const RmspropUpdate& attributes, const Call* calls, int count) {
  using Update = Rmsprop<with_momentum, centered>;
  update_all<2 + Update::states, 1 + Update::states>(Update(attributes), calls, count);
}

void tensors(const RmspropUpdate& attributes, const Call* calls, int count) {
  if (static_cast<float>(attributes.momentum) > 0.0f)
    return attributes.centered ? update_with<true, true>(attributes, calls, count)
                               : update_with<true, false>(attributes, calls, count);
  return attributes.centered ? update_with<false, true>(attributes, calls, count)
                             : update_with<false, false>(attributes, calls, count);
}

void one(const RmspropUpdate& attributes, const Call& call) { tensors(attributes, &call, 1); }

const Register<RmspropUpdate> on_cuda{
    "cuda", {{"chunks", all_float32, no_workspace, bandwidth_cost, one, in_place, tensors}}};

}  // namespace
}  // namespace fastconv
