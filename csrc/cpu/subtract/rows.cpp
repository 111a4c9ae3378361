// y = a - b over float32, rows of the broadcast in blocks.
#include "cpu/simd/broadcast.h"
#include "cpu/subtract/subtract.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void subtract_rows(const Subtract&, const Call& call) {
  broadcast_call<float, float>(call, [](float a, float b) { return a - b; });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
