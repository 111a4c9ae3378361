// Vectors cut off at the end of a row: lanes from `count` on are neither read nor written (loads give 0
// there).
#pragma once
#include "cpu/simd/vector.h"

namespace fastconv {
namespace FASTCONV_SIMD {

#if defined(__AVX512F__)
FASTCONV_INLINE __mmask16 first_lanes(int64_t count) { return static_cast<__mmask16>((1u << count) - 1); }
FASTCONV_INLINE Vec load_partial(const float* p, int64_t count) {
  return reinterpret_cast<Vec>(_mm512_maskz_loadu_ps(first_lanes(count), p));
}
FASTCONV_INLINE void store_partial(float* p, Vec v, int64_t count) {
  _mm512_mask_storeu_ps(p, first_lanes(count), reinterpret_cast<__m512>(v));
}
#elif defined(__AVX2__)
FASTCONV_INLINE __m256i first_lanes(int64_t count) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lanes);
}
FASTCONV_INLINE Vec load_partial(const float* p, int64_t count) {
  return reinterpret_cast<Vec>(_mm256_maskload_ps(p, first_lanes(count)));
}
FASTCONV_INLINE void store_partial(float* p, Vec v, int64_t count) {
  _mm256_maskstore_ps(p, first_lanes(count), reinterpret_cast<__m256>(v));
}
#else
FASTCONV_INLINE Vec load_partial(const float* p, int64_t count) {
  Vec v{};
  for (int i = 0; i < vector_floats; ++i) v[i] = i < count ? p[i] : 0.0f;
  return v;
}
FASTCONV_INLINE void store_partial(float* p, Vec v, int64_t count) {
  for (int i = 0; i < vector_floats; ++i)
    if (i < count) p[i] = v[i];
}
#endif

// For any count: nothing, some or all lanes.
FASTCONV_INLINE Vec load_up_to(const float* p, int64_t count) {
  if (count >= vector_floats) return load(p);
  return count > 0 ? load_partial(p, count) : Vec{};
}
FASTCONV_INLINE void store_up_to(float* p, Vec v, int64_t count) {
  if (count >= vector_floats) return store(p, v);
  if (count > 0) store_partial(p, v, count);
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
