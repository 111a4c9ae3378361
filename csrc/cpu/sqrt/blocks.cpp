// y[i] = sqrt(x[i]), correctly rounded.
#include "cpu/simd/map.h"
#include "cpu/simd/math.h"
#include "cpu/sqrt/sqrt.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void sqrt_blocks(const Sqrt&, const Call& call) {
  map_call<1, 1>(call, [](const Vec(&in)[1], Vec(&out)[1]) { out[0] = square_root(in[0]); });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
