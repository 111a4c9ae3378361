// outputs[i] = operation(inputs[i]) over float tensors of one size.
#pragma once
#include "cpu/simd/elementwise.h"
#include "cpu/simd/vector.h"

namespace fastconv {
namespace FASTCONV_SIMD {

// Whole vectors.  Not inlined: the tail goes through the same machine code, so that an element's bits do not
// depend on its place.  The operation is copied: its fields stay in registers, whatever the stores may alias.
template <int inputs, int outputs, class Operation>
__attribute__((noinline)) void map_vectors(const float* const* in, float* const* out, int64_t begin,
                                           int64_t end, const Operation& operation) {
  const Operation local = operation;
  const float* x[inputs];
  float* y[outputs];
  for (int j = 0; j < inputs; ++j) x[j] = in[j];
  for (int j = 0; j < outputs; ++j) y[j] = out[j];
  for (int64_t i = begin; i < end; i += vector_floats) {
    Vec a[inputs], b[outputs];
    for (int j = 0; j < inputs; ++j) a[j] = load(x[j] + i);
    local(a, b);
    for (int j = 0; j < outputs; ++j) store(y[j] + i, b[j]);
  }
}

template <int inputs, int outputs, class Operation>
FASTCONV_INLINE void map_tail(const float* const* in, float* const* out, int64_t begin, int64_t count,
                              const Operation& operation) {
  alignas(64) float padded[inputs + outputs][vector_floats] = {};
  const float* x[inputs];
  float* y[outputs];
  for (int j = 0; j < inputs; ++j) {
    __builtin_memcpy(padded[j], in[j] + begin, static_cast<size_t>(count) * sizeof(float));
    x[j] = padded[j];
  }
  for (int j = 0; j < outputs; ++j) y[j] = padded[inputs + j];
  map_vectors<inputs, outputs>(x, y, 0, vector_floats, operation);
  for (int j = 0; j < outputs; ++j)
    __builtin_memcpy(out[j] + begin, y[j], static_cast<size_t>(count) * sizeof(float));
}

// operation(const Vec (&in)[inputs], Vec (&out)[outputs]) for all of [0, count).  An output may be an input's
// memory: each vector is read before it is written.
template <int inputs, int outputs, class Operation>
FASTCONV_INLINE void map(const float* const (&in)[inputs], float* const (&out)[outputs], int64_t count,
                         const Operation& operation) {
  elementwise(count, [&](int64_t begin, int64_t end) {
    const int64_t tail = (end - begin) % vector_floats;
    map_vectors<inputs, outputs>(in, out, begin, end - tail, operation);
    if (tail) map_tail<inputs, outputs>(in, out, end - tail, tail, operation);
  });
}

// The same for a step whose first inputs and outputs are float tensors of one size.
template <int inputs, int outputs, class Operation>
FASTCONV_INLINE void map_call(const Call& call, const Operation& operation) {
  const float* in[inputs];
  float* out[outputs];
  for (int j = 0; j < inputs; ++j) in[j] = static_cast<const float*>(call.inputs[j].data);
  for (int j = 0; j < outputs; ++j) out[j] = static_cast<float*>(call.outputs[j].data);
  map<inputs, outputs>(in, out, count_of(call.outputs[0].desc), operation);
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
