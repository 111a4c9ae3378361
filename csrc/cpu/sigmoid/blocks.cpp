// y[i] = 1 / (1 + exp(-x[i])); exp overflows to infinity below -88, which gives the right 0.
#include "cpu/sigmoid/sigmoid.h"
#include "cpu/simd/map.h"
#include "cpu/simd/math.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void sigmoid_blocks(const Sigmoid&, const Call& call) {
  map_call<1, 1>(call, [](const Vec(&in)[1], Vec(&out)[1]) { out[0] = sigmoid(in[0]); });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
