// dp[i] = ((1 - t) / (1 - p) - t / p) dloss where p is not clipped, else 0.  NaN passes on.
#include "cpu/binary_cross_entropy_gradient/binary_cross_entropy_gradient.h"
#include "cpu/simd/map.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void binary_cross_entropy_gradient_blocks(const BinaryCrossEntropyGradient&, const Call& call) {
  map_call<3, 1>(call, [](const Vec(&in)[3], Vec(&out)[1]) {
    const Vec p = in[0], t = in[1];
    const VecInt clipped = (p < 1e-7f) | (p > 1.0f - 1e-7f);
    out[0] = clipped ? Vec{} : ((1.0f - t) / (1.0f - p) - t / p) * in[2];
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
