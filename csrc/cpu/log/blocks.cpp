// y[i] = log(x[i]).
#include "cpu/log/log.h"
#include "cpu/simd/map.h"
#include "cpu/simd/math.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void log_blocks(const Log&, const Call& call) {
  map_call<1, 1>(call, [](const Vec(&in)[1], Vec(&out)[1]) { out[0] = log(in[0]); });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
