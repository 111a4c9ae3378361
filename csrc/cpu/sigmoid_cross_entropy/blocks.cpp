// loss[i] = max(x, 0) - x t + log(1 + exp(-|x|)): nothing overflows, and small losses keep their digits.
#include "cpu/sigmoid_cross_entropy/sigmoid_cross_entropy.h"
#include "cpu/simd/map.h"
#include "cpu/simd/math.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void sigmoid_cross_entropy_blocks(const SigmoidCrossEntropy&, const Call& call) {
  map_call<2, 1>(call, [](const Vec(&in)[2], Vec(&out)[1]) {
    const Vec x = in[0], t = in[1];
    out[0] = (max_keep_nan(x, 0.0f) - x * t) + log1p_of_unit(exp(-magnitude(x)));
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
