// y[i] = x[i]^2.
#include "cpu/simd/map.h"
#include "cpu/square/square.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void square_blocks(const Square&, const Call& call) {
  map_call<1, 1>(call, [](const Vec(&in)[1], Vec(&out)[1]) { out[0] = in[0] * in[0]; });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
