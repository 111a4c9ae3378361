// loss[i] = -t log(p) - (1 - t) log(1 - p), p clipped to [1e-7, 1 - 1e-7].
#include "cpu/binary_cross_entropy/binary_cross_entropy.h"
#include "cpu/simd/map.h"
#include "cpu/simd/math.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void binary_cross_entropy_blocks(const BinaryCrossEntropy&, const Call& call) {
  map_call<2, 1>(call, [](const Vec(&in)[2], Vec(&out)[1]) {
    const Vec p = max_keep_nan(min_keep_nan(in[0], 1.0f - 1e-7f), 1e-7f), t = in[1];
    out[0] = -(t * log(p) + (1.0f - t) * log_of_rest(p));
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
