// y[i] = float(x[i]): what pictures and labels need.  The compiler widens the plain loop.
#include "cpu/cast/cast.h"
#include "cpu/simd/broadcast.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

template <class Element>
void cast_from(const Call& call) {
  const Element* const x = static_cast<const Element*>(call.inputs[0].data);
  float* const y = static_cast<float*>(call.outputs[0].data);
  elementwise(count_of(call.outputs[0].desc), [=](int64_t begin, int64_t end) {
    FASTCONV_INDEPENDENT for (int64_t i = begin; i < end; ++i) y[i] = static_cast<float>(x[i]);
  });
}

}  // namespace

void cast_to_float_blocks(const Cast&, const Call& call) {
  switch (call.inputs[0].desc.dtype) {
    case DType::int32: return cast_from<int32_t>(call);
    case DType::int64: return cast_from<int64_t>(call);
    case DType::float64: return cast_from<double>(call);
    default: return cast_from<uint8_t>(call);
  }
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
