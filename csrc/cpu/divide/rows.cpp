// y = a / b over float32, rows of the broadcast in blocks.
#include "cpu/divide/divide.h"
#include "cpu/simd/broadcast.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void divide_rows(const Divide&, const Call& call) {
  broadcast_call<float, float>(call, [](float a, float b) { return a / b; });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
