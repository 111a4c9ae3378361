// y = max(a, b) over float32, rows of the broadcast in blocks.
#include "cpu/maximum/maximum.h"
#include "cpu/simd/broadcast.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void maximum_rows(const Maximum&, const Call& call) {
  broadcast_call<float, float>(call, [](float a, float b) { return (a > b) | (a != a) ? a : b; });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
