// Four floats at once: one pixel of three channels and a lane to spare.  GCC's and clang's vector extension, which
// every platform's baseline has in registers of 128 bits.
#pragma once
#include <cstdint>
#include <cstring>
#if defined(__SSE4_1__)
#include <immintrin.h>
#endif

namespace fastconv::image {

typedef float Four __attribute__((vector_size(16)));
typedef uint8_t FourBytes __attribute__((vector_size(4)));

inline Four load_four(const float* from) {
  Four values;
  std::memcpy(&values, from, sizeof values);
  return values;
}

inline Four load_four(const uint8_t* from) {
#if defined(__SSE4_1__)  // GCC 12 converts the extension's bytes one by one: three times as slow
  int32_t bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return reinterpret_cast<Four>(_mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes))));
#else
  FourBytes bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return __builtin_convertvector(bytes, Four);
#endif
}

inline void store_four(float* to, Four values) { std::memcpy(to, &values, sizeof values); }

inline void store_three(float* to, Four values) {
  std::memcpy(to, &values, 2 * sizeof(float));
  to[2] = values[2];
}

// Lanes 1, 2, 3: the pixel whose values begin one place behind the address that was read.
inline Four drop_first(Four values) { return __builtin_shufflevector(values, values, 1, 2, 3, 3); }

}  // namespace fastconv::image
