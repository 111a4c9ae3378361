// What the lists of element-wise stems share: which dtypes a row takes, and the plain loops of their references.
// For narrow units only (csrc/cpu/simd/map.h and broadcast.h are their counterparts in wide ones).
#pragma once
#include <string>
#include <type_traits>

#include "core/parallel.h"
#include "core/shape.h"
#include "plan/registry.h"

namespace fastconv {

// The first tensor that is not float32, named for a person.
inline Refusal needs_float32(const TensorDesc* descs, int count, const char* kind) {
  for (int i = 0; i < count; ++i)
    if (descs[i].dtype != DType::float32)
      return std::string(kind) + " " + std::to_string(i) + " is " + dtype_name(descs[i].dtype) +
             "; this one needs float32";
  return std::nullopt;
}

template <class Attributes>
Refusal all_float32(const Attributes&, const Signature& step) {
  if (Refusal refusal = needs_float32(step.inputs, step.input_count, "input")) return refusal;
  return needs_float32(step.outputs, step.output_count, "output");
}

// Seconds to move everything once at 10 GB/s: a nominal core's share of the memory.
template <class Attributes>
double bandwidth_cost(const Attributes&, const Signature& step) {
  double bytes = 0;
  for (int i = 0; i < step.input_count; ++i) bytes += static_cast<double>(byte_count(step.inputs[i]));
  for (int i = 0; i < step.output_count; ++i) bytes += static_cast<double>(byte_count(step.outputs[i]));
  return bytes * 1e-10;
}

template <class Element>
const Element* input(const Call& call, int index) {
  return static_cast<const Element*>(call.inputs[index].data);
}
template <class Element>
Element* output(const Call& call, int index) {
  return static_cast<Element*>(call.outputs[index].data);
}

// y[i] = function(x[i]) in double precision.
template <class Function>
void each_element(const Call& call, const Function& function) {
  const float* x = input<float>(call, 0);
  float* y = output<float>(call, 0);
  const int64_t count = element_count(call.outputs[0].desc);
  for (int64_t i = 0; i < count; ++i) y[i] = static_cast<float>(function(static_cast<double>(x[i])));
}

// function(tag) with a value of the C++ type that holds `dtype`; bool is held as 0 or 1 in a byte.
template <class Function>
void with_element_type(DType dtype, const Function& function) {
  switch (dtype) {
    case DType::float32: return function(float{});
    case DType::float64: return function(double{});
    case DType::int32: return function(int32_t{});
    case DType::int64: return function(int64_t{});
    case DType::uint8:
    case DType::boolean: return function(uint8_t{});
  }
}

// body(y index, a index, b index) over the output of a broadcast, in order.
template <class Body>
void each_pair(const Call& call, const Body& body) {
  const TensorDesc &a = call.inputs[0].desc, &b = call.inputs[1].desc, &y = call.outputs[0].desc;
  const int64_t count = element_count(y);
  for (int64_t i = 0; i < count; ++i) {
    int64_t left = i, a_index = 0, b_index = 0, a_stride = 1, b_stride = 1;
    for (int axis = 1; axis <= y.rank; ++axis) {
      const int64_t size = y.dims[y.rank - axis], position = left % size;
      left /= size;
      const int64_t a_size = axis <= a.rank ? a.dims[a.rank - axis] : 1;
      const int64_t b_size = axis <= b.rank ? b.dims[b.rank - axis] : 1;
      if (a_size > 1) a_index += position * a_stride;
      if (b_size > 1) b_index += position * b_stride;
      a_stride *= a_size, b_stride *= b_size;
    }
    body(i, a_index, b_index);
  }
}

template <class Attributes>
Refusal one_number_type(const Attributes&, const Signature& step) {
  const DType dtype = step.inputs[0].dtype;
  if (dtype == DType::boolean) return std::string("input 0 is bool; this one needs numbers");
  if (step.inputs[1].dtype != dtype || step.outputs[0].dtype != dtype)
    return std::string("inputs of different dtypes; this one needs the same");
  return std::nullopt;
}

// A whole number as an unsigned one of 64 bits, whose overflow is defined; anything else as it is.
template <class Element>
auto wrapping(Element value) {
  if constexpr (std::is_integral_v<Element>)
    return static_cast<uint64_t>(value);
  else
    return value;
}

// The reference of an arithmetic stem: operation(a, b) in the inputs' own dtype.
template <class Operation>
void arithmetic(const Call& call, const Operation& operation) {
  with_element_type(call.inputs[0].desc.dtype, [&](auto tag) {
    using Element = decltype(tag);
    const Element *a = input<Element>(call, 0), *b = input<Element>(call, 1);
    Element* y = output<Element>(call, 0);
    each_pair(call,
              [&](int64_t i, int64_t j, int64_t k) { y[i] = static_cast<Element>(operation(a[j], b[k])); });
  });
}

}  // namespace fastconv
