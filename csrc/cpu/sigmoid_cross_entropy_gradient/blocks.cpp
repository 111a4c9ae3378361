// dlogits[i] = (sigmoid(x) - t) dloss.
#include "cpu/sigmoid_cross_entropy_gradient/sigmoid_cross_entropy_gradient.h"
#include "cpu/simd/map.h"
#include "cpu/simd/math.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void sigmoid_cross_entropy_gradient_blocks(const SigmoidCrossEntropyGradient&, const Call& call) {
  map_call<3, 1>(call, [](const Vec(&in)[3], Vec(&out)[1]) { out[0] = (sigmoid(in[0]) - in[1]) * in[2]; });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
