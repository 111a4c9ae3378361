// Philox 4x32-10 (core/philox.h) for several neighbouring counters at once.
//
// A number of 32 bits lies in the lower half of a lane of 64, where one instruction multiplies to 64 bits; what the
// upper halves hold in between is never read.
#pragma once
#include "cpu/simd/vector.h"

namespace fastconv {
namespace FASTCONV_SIMD {

constexpr int vector_counters = vector_floats / 2;  // each gives four words

typedef uint64_t VecLong __attribute__((vector_size(FASTCONV_VECTOR_FLOATS * 4), may_alias));

FASTCONV_INLINE VecLong multiply_low_halves(VecLong a, VecLong b) {
#if defined(__AVX512F__)
  return reinterpret_cast<VecLong>(
      _mm512_maskz_mul_epu32(0xff, reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX2__)
  return reinterpret_cast<VecLong>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__SSE2__)
  return reinterpret_cast<VecLong>(_mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  return (a & 0xffffffffu) * (b & 0xffffffffu);
#endif
}

// Lane -> counter, such that interleaving the lanes of two results leaves the words in order:
// even lanes hold the first half of the counters, odd lanes the second.
#if FASTCONV_VECTOR_FLOATS == 16
#define FASTCONV_COUNTERS {0, 4, 1, 5, 2, 6, 3, 7}
#define FASTCONV_FIRST(a, b) __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14)
#define FASTCONV_SECOND(a, b) __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15)
#elif FASTCONV_VECTOR_FLOATS == 8
#define FASTCONV_COUNTERS {0, 2, 1, 3}
#define FASTCONV_FIRST(a, b) __builtin_shufflevector(a, b, 0, 4, 2, 6)
#define FASTCONV_SECOND(a, b) __builtin_shufflevector(a, b, 1, 5, 3, 7)
#else
#define FASTCONV_COUNTERS {0, 1}
#define FASTCONV_FIRST(a, b) __builtin_shufflevector(a, b, 0, 2)
#define FASTCONV_SECOND(a, b) __builtin_shufflevector(a, b, 1, 3)
#endif

struct PhiloxWords {
  VecInt first, second;  // 4 * vector_counters words in the order of the elements
};

// Words of the counters (sample, quad + i, stream), i below vector_counters.
FASTCONV_INLINE PhiloxWords philox(uint32_t sample, uint64_t quad, uint32_t stream, uint32_t key_low,
                                   uint32_t key_high) {
  const VecLong index = (VecLong)FASTCONV_COUNTERS + quad;
  VecLong c0 = VecLong{} + sample, c1 = index, c2 = index >> 32, c3 = VecLong{} + stream;
  const VecLong m0 = VecLong{} + 0xD2511F53u, m1 = VecLong{} + 0xCD9E8D57u;
  for (int round = 0; round < 10; ++round) {
    const VecLong p0 = multiply_low_halves(c0, m0), p1 = multiply_low_halves(c2, m1);
    c0 = (p1 >> 32) ^ c1 ^ key_low, c1 = p1;
    c2 = (p0 >> 32) ^ c3 ^ key_high, c3 = p0;
    key_low += 0x9E3779B9u, key_high += 0xBB67AE85u;
  }
  const VecLong a = (c0 & 0xffffffffu) | (c1 << 32), b = (c2 & 0xffffffffu) | (c3 << 32);
  return {reinterpret_cast<VecInt>(FASTCONV_FIRST(a, b)), reinterpret_cast<VecInt>(FASTCONV_SECOND(a, b))};
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
