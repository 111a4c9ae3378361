// y = a relation b over float32, rows of the broadcast in blocks.
#include "cpu/compare/compare.h"
#include "cpu/simd/broadcast.h"

namespace fastconv {
namespace FASTCONV_SIMD {

void compare_rows(const Compare& attributes, const Call& call) {
  switch (attributes.relation) {
    case Relation::equal:
      return broadcast_call<float, uint8_t>(call, [](float a, float b) { return a == b; });
    case Relation::not_equal:
      return broadcast_call<float, uint8_t>(call, [](float a, float b) { return a != b; });
    case Relation::less: return broadcast_call<float, uint8_t>(call, [](float a, float b) { return a < b; });
    case Relation::less_equal:
      return broadcast_call<float, uint8_t>(call, [](float a, float b) { return a <= b; });
    case Relation::greater:
      return broadcast_call<float, uint8_t>(call, [](float a, float b) { return a > b; });
    case Relation::greater_equal:
      return broadcast_call<float, uint8_t>(call, [](float a, float b) { return a >= b; });
  }
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
