// y[i] = |x[i]|: the sign bit cleared.
#include "cpu/abs/abs.h"
#include "cpu/simd/map.h"
#include "cpu/simd/math.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void abs_blocks(const Abs&, const Call& call) {
  map_call<1, 1>(call, [](const Vec(&in)[1], Vec(&out)[1]) { out[0] = magnitude(in[0]); });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
