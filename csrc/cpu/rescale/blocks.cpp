// y[i] = float(x[i]) scale + offset, for the four dtypes of x; the compiler widens the plain loop.
#include "cpu/rescale/rescale.h"
#include "cpu/simd/broadcast.h"

namespace fastconv {
namespace FASTCONV_SIMD {
namespace {

template <class Element>
void rescale_from(const Rescale& attributes, const Call& call) {
  const Element* const x = static_cast<const Element*>(call.inputs[0].data);
  float* const y = static_cast<float*>(call.outputs[0].data);
  const float scale = static_cast<float>(attributes.scale), offset = static_cast<float>(attributes.offset);
  elementwise(count_of(call.outputs[0].desc), [=](int64_t begin, int64_t end) {
    FASTCONV_INDEPENDENT for (int64_t i = begin; i < end; ++i) y[i] =
        static_cast<float>(x[i]) * scale + offset;
  });
}

}  // namespace

void rescale_blocks(const Rescale& attributes, const Call& call) {
  switch (call.inputs[0].desc.dtype) {
    case DType::uint8: return rescale_from<uint8_t>(attributes, call);
    case DType::int32: return rescale_from<int32_t>(attributes, call);
    case DType::int64: return rescale_from<int64_t>(attributes, call);
    default: return rescale_from<float>(attributes, call);
  }
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
