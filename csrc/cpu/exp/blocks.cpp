// y[i] = e^x[i]; infinity above 88.72.
#include "cpu/exp/exp.h"
#include "cpu/simd/map.h"
#include "cpu/simd/math.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void exp_blocks(const Exp&, const Call& call) {
  map_call<1, 1>(call, [](const Vec(&in)[1], Vec(&out)[1]) { out[0] = exp(in[0]); });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
