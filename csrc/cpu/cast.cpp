// cast: x in another dtype.  Fractions are cut off, numbers out of a whole dtype's range become its nearest end, NaN
// becomes 0; whole numbers wrap around in a narrower whole dtype; bool is "not 0".
#include "cpu/cast/cast.h"

#include <cmath>
#include <limits>

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

Refusal to_its_dtype(const Cast& attributes, const Signature& step) {
  if (step.outputs[0].dtype != attributes.dtype)
    return std::string("output is ") + dtype_name(step.outputs[0].dtype) + "; this one makes " +
           dtype_name(attributes.dtype);
  return std::nullopt;
}

Refusal to_float32(const Cast& attributes, const Signature& step) {
  if (attributes.dtype != DType::float32 || step.inputs[0].dtype == DType::float32)
    return std::string("from ") + dtype_name(step.inputs[0].dtype) + " to " + dtype_name(attributes.dtype) +
           "; this one makes float32 of others";
  return to_its_dtype(attributes, step);
}

// Defined for every value, unlike C++'s conversion of a floating number.
template <class To, class From>
To converted(From value) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (std::isnan(value)) return 0;
    // 2^digits is the first number above To's range, and a power of two is a float, whatever the width.
    const From above = std::ldexp(From{1}, std::numeric_limits<To>::digits);
    if (value >= above) return std::numeric_limits<To>::max();
    if (value <= static_cast<From>(std::numeric_limits<To>::lowest()))
      return std::numeric_limits<To>::lowest();
  }
  return static_cast<To>(value);
}

void reference(const Cast& attributes, const Call& call) {
  const int64_t count = element_count(call.outputs[0].desc);
  with_element_type(call.inputs[0].desc.dtype, [&](auto from) {
    const auto* x = input<decltype(from)>(call, 0);
    if (attributes.dtype == DType::boolean) {
      uint8_t* y = output<uint8_t>(call, 0);
      for (int64_t i = 0; i < count; ++i) y[i] = x[i] != 0;
      return;
    }
    with_element_type(attributes.dtype, [&](auto to) {
      auto* y = output<decltype(to)>(call, 0);
      for (int64_t i = 0; i < count; ++i) y[i] = converted<decltype(to)>(x[i]);
    });
  });
}

const Register<Cast> on_cpu{
    "cpu",
    {{"to_float_blocks", to_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(cast_to_float_blocks),
      batch_invariant | in_place | wide},
     {"reference", to_its_dtype, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
