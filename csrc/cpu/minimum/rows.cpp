// y = min(a, b) over float32, rows of the broadcast in blocks.
#include "cpu/minimum/minimum.h"
#include "cpu/simd/broadcast.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void minimum_rows(const Minimum&, const Call& call) {
  broadcast_call<float, float>(call, [](float a, float b) { return (a < b) | (a != a) ? a : b; });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
