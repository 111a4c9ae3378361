// dx[i] = dy[i] y[i] (1 - y[i]).
#include "cpu/sigmoid_gradient/sigmoid_gradient.h"
#include "cpu/simd/map.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void sigmoid_gradient_blocks(const SigmoidGradient&, const Call& call) {
  map_call<2, 1>(call, [](const Vec(&in)[2], Vec(&out)[1]) { out[0] = in[0] * (in[1] * (1.0f - in[1])); });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
