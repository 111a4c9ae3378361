// dx[i] = y[i] <= 0 ? 0 : dy[i].  NaN compares false: dy passes on there.
#include "cpu/relu_gradient/relu_gradient.h"
#include "cpu/simd/map.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void relu_gradient_blocks(const ReluGradient&, const Call& call) {
  map_call<2, 1>(call, [](const Vec(&in)[2], Vec(&out)[1]) { out[0] = in[1] <= 0.0f ? Vec{} : in[0]; });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
