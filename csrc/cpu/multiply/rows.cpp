// y = a b over float32, rows of the broadcast in blocks.
#include "cpu/multiply/multiply.h"
#include "cpu/simd/broadcast.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void multiply_rows(const Multiply&, const Call& call) {
  broadcast_call<float, float>(call, [](float a, float b) { return a * b; });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
