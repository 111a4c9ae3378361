// y = a + b over float32, rows of the broadcast in blocks.
#include "cpu/add/add.h"
#include "cpu/simd/broadcast.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void add_rows(const Add&, const Call& call) {
  broadcast_call<float, float>(call, [](float a, float b) { return a + b; });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
