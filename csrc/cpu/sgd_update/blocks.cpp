// One pass over p, g and v; outputs may lie over their inputs.
#include "cpu/sgd_update/sgd_update.h"
#include "cpu/simd/map.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void sgd_update_blocks(const SgdStep& step, const Call& call) {
  const float lr = step.lr, momentum = step.momentum, kept = step.kept;
  if (momentum == 0.0f) {
    map_call<2, 1>(call, [=](const Vec(&in)[2], Vec(&out)[1]) { out[0] = in[0] * kept - in[1] * lr; });
  } else if (step.nesterov) {
    map_call<3, 2>(call, [=](const Vec(&in)[3], Vec(&out)[2]) {
      out[1] = in[2] * momentum - in[1] * lr;
      out[0] = in[0] * kept + (out[1] * momentum - in[1] * lr);
    });
  } else {
    map_call<3, 2>(call, [=](const Vec(&in)[3], Vec(&out)[2]) {
      out[1] = in[2] * momentum - in[1] * lr;
      out[0] = in[0] * kept + out[1];
    });
  }
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
