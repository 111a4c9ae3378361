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
                                           int64_t end, bool past_caches, const Operation& operation) {
  const Operation local = operation;
  const float* x[inputs];
  float* y[outputs];
  for (int j = 0; j < inputs; ++j) x[j] = in[j];
  for (int j = 0; j < outputs; ++j) y[j] = out[j];
  for (int64_t i = begin; i < end; i += vector_floats) {
    Vec a[inputs], b[outputs];
    for (int j = 0; j < inputs; ++j) a[j] = load(x[j] + i);
    local(a, b);
    if (past_caches)
      for (int j = 0; j < outputs; ++j) stream(y[j] + i, b[j]);
    else
      for (int j = 0; j < outputs; ++j) store(y[j] + i, b[j]);
  }
  if (past_caches) stream_fence();
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
  map_vectors<inputs, outputs>(x, y, 0, vector_floats, false, operation);
  for (int j = 0; j < outputs; ++j)
    __builtin_memcpy(out[j] + begin, y[j], static_cast<size_t>(count) * sizeof(float));
}

// Outputs that no cache holds until they are read are stored past the caches: the lines need not be fetched first.
// Not over inputs, whose lines are there already.  Outputs of a plan lie at multiples of 64 bytes.
constexpr int64_t past_caches_floats = int64_t{1} << 22;  // 16 MiB

template <int inputs, int outputs>
FASTCONV_INLINE bool goes_past_caches(const float* const* in, float* const* out, int64_t count) {
  if (count < past_caches_floats) return false;
  for (int j = 0; j < outputs; ++j) {
    if (reinterpret_cast<uintptr_t>(out[j]) % sizeof(Vec)) return false;
    for (int i = 0; i < inputs; ++i)
      if (in[i] == out[j]) return false;
  }
  return true;
}

// operation(const Vec (&in)[inputs], Vec (&out)[outputs]) for all of [0, count).  An output may be an input's
// memory: each vector is read before it is written.
template <int inputs, int outputs, class Operation>
FASTCONV_INLINE void map(const float* const (&in)[inputs], float* const (&out)[outputs], int64_t count,
                         const Operation& operation) {
  const bool past_caches = goes_past_caches<inputs, outputs>(in, out, count);
  elementwise(count, [&](int64_t begin, int64_t end) {
    const int64_t tail = (end - begin) % vector_floats;
    map_vectors<inputs, outputs>(in, out, begin, end - tail, past_caches, operation);
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
