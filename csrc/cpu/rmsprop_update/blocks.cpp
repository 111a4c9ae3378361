// One pass over p, g and the state; outputs may lie over their inputs.
#include "cpu/rmsprop_update/rmsprop_update.h"
#include "cpu/simd/map.h"
#include "cpu/simd/math.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

// Inputs p, g, s, then b if there is momentum, then m if centered; outputs the same without g.
template <bool with_momentum, bool centered>
void rmsprop(const RmspropStep& step, const Call& call) {
  constexpr int states = 1 + with_momentum + centered;
  map_call<2 + states, 1 + states>(call, [=](const Vec(&in)[2 + states], Vec(&out)[1 + states]) {
    const Vec g = in[1];
    out[1] = in[2] * step.rho + g * g * step.rest;
    Vec spread = out[1] + step.epsilon;
    if constexpr (centered) {
      out[states] = in[1 + states] * step.rho + g * step.rest;
      spread = out[1] - out[states] * out[states] + step.epsilon;
    }
    Vec change = g * step.lr / square_root(spread);
    if constexpr (with_momentum) change = out[2] = in[3] * step.momentum + change;
    out[0] = in[0] * step.kept - change;
  });
}

}  // namespace

void rmsprop_update_blocks(const RmspropStep& step, const Call& call) {
  if (step.momentum > 0.0f)
    return step.centered ? rmsprop<true, true>(step, call) : rmsprop<true, false>(step, call);
  return step.centered ? rmsprop<false, true>(step, call) : rmsprop<false, false>(step, call);
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
