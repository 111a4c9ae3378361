// dx[i] = dy[i] (1 - y[i]) (1 + y[i]): no cancellation where y is near 1.
#include "cpu/simd/map.h"
#include "cpu/tanh_gradient/tanh_gradient.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void tanh_gradient_blocks(const TanhGradient&, const Call& call) {
  map_call<2, 1>(call,
                 [](const Vec(&in)[2], Vec(&out)[1]) { out[0] = in[0] * ((1.0f - in[1]) * (in[1] + 1.0f)); });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
