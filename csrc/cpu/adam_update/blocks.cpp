// One pass over p, g, m and v; outputs may lie over their inputs.
#include "cpu/adam_update/adam_update.h"
#include "cpu/simd/map.h"
#include "cpu/simd/math.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void adam_update_blocks(const AdamStep& step, const Call& call) {
  map_call<4, 3>(call, [=](const Vec(&in)[4], Vec(&out)[3]) {
    const Vec g = in[1];
    out[1] = in[2] + (g - in[2]) * step.rest_1;
    out[2] = in[3] + (g * g - in[3]) * step.rest_2;
    out[0] = in[0] * step.kept - out[1] * step.alpha / (square_root(out[2]) + step.epsilon);
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
