// cast: x in another dtype.  Fractions are cut off, numbers out of a whole dtype's range become its nearest end, NaN
// becomes 0; whole numbers wrap around in a narrower whole dtype; bool is "not 0".
#include "primitives/cast.h"

#include <limits>

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

template <class To>
struct Converted {
  // Defined for every value, unlike C++'s conversion of a floating number.
  template <class From>
  __device__ To operator()(From x) const {
    if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
      // 2^digits is the first number above To's range, and a power of two is a float, whatever the width.
      constexpr From above = static_cast<From>(uint64_t{1} << std::numeric_limits<To>::digits);
      if (x != x) return 0;
      if (x >= above) return std::numeric_limits<To>::max();
      if (x <= static_cast<From>(std::numeric_limits<To>::lowest())) return std::numeric_limits<To>::lowest();
    }
    return static_cast<To>(x);
  }
};

struct NotZero {
  template <class From>
  __device__ uint8_t operator()(From x) const {
    return x != 0;
  }
};

Refusal to_its_dtype(const Cast& attributes, const Signature& step) {
  if (step.outputs[0].dtype != attributes.dtype)
    return std::string("output is ") + dtype_name(step.outputs[0].dtype) + "; this one makes " +
           dtype_name(attributes.dtype);
  return needs_31_bits(step);
}

void elements(const Cast& attributes, const Call& call) {
  with_element_type(call.inputs[0].desc.dtype, [&](auto from) {
    const auto* x = input<decltype(from)>(call, 0);
    if (attributes.dtype == DType::boolean) return map(call, NotZero{}, output<uint8_t>(call, 0), x);
    with_element_type(attributes.dtype, [&](auto to) {
      map(call, Converted<decltype(to)>{}, output<decltype(to)>(call, 0), x);
    });
  });
}

const Register<Cast> on_cuda{
    "cuda", {{"elements", to_its_dtype, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
