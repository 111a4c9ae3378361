// y[i] = tanh(x[i]), accurate also near 0, where it is nearly x.
#include "cpu/simd/map.h"
#include "cpu/simd/math.h"
#include "cpu/tanh/tanh.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void tanh_blocks(const Tanh&, const Call& call) {
  map_call<1, 1>(call, [](const Vec(&in)[1], Vec(&out)[1]) { out[0] = tanh(in[0]); });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
