// exp, log and what is made of them, lane by lane, within about two units in the last place.  NaN passes on;
// overflow gives infinity, results below the smallest normal float give zero (our kernels flush denormals).
#pragma once
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "cpu/simd/vector.h"

namespace fastconv {
namespace FASTCONV_SIMD {

constexpr float infinity = __builtin_inff();
// ln 2 in two parts: the first has nine bits, so that whole numbers times it are exact.
constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f, ln2 = 0.69314718056f;

FASTCONV_INLINE Vec as_floats(VecInt v) { return reinterpret_cast<Vec>(v); }
FASTCONV_INLINE VecInt as_ints(Vec v) { return reinterpret_cast<VecInt>(v); }
// a - b that may wrap around: bits of numbers below zero are whole numbers far below zero.
FASTCONV_INLINE VecInt minus(VecInt a, VecInt b) {
  typedef uint32_t Bits __attribute__((vector_size(FASTCONV_VECTOR_FLOATS * 4), may_alias));
  return reinterpret_cast<VecInt>(reinterpret_cast<Bits>(a) - reinterpret_cast<Bits>(b));
}
FASTCONV_INLINE Vec magnitude(Vec v) { return as_floats(as_ints(v) & 0x7fffffff); }
FASTCONV_INLINE Vec max_keep_nan(Vec a, float b) { return max_keep_nan(a, broadcast(b)); }
FASTCONV_INLINE Vec min_keep_nan(Vec a, float b) { return broadcast(b) < a ? broadcast(b) : a; }
FASTCONV_INLINE Vec power_of_two(VecInt n) { return as_floats((n + 127) << 23); }  // n from -126 to 127

FASTCONV_INLINE Vec square_root(Vec v) {
#if defined(__AVX512F__)
  return reinterpret_cast<Vec>(_mm512_maskz_sqrt_ps(0xffff, reinterpret_cast<__m512>(v)));
#elif defined(__AVX__)
  return reinterpret_cast<Vec>(_mm256_sqrt_ps(reinterpret_cast<__m256>(v)));
#elif defined(__SSE2__)
  return reinterpret_cast<Vec>(_mm_sqrt_ps(reinterpret_cast<__m128>(v)));
#elif defined(__aarch64__)
  return reinterpret_cast<Vec>(vsqrtq_f32(reinterpret_cast<float32x4_t>(v)));
#else
  for (int i = 0; i < vector_floats; ++i) v[i] = __builtin_sqrtf(v[i]);
  return v;
#endif
}

// x = n ln 2 + r with |r| <= ln(2)/2, and e^r = 1 + r + r^2 tail(r): Taylor's series to r^7, whose next term is
// below 6e-9.
struct ExpParts {
  VecInt n;
  Vec r, tail;
};
FASTCONV_INLINE ExpParts exp_parts(Vec x) {
  constexpr float round_to_int = 12582912.0f;  // 1.5 * 2^23: what is added to it loses its fraction
  const Vec shifted = x * 1.44269504089f + round_to_int;
  const Vec n = shifted - round_to_int;
  const Vec r = (x - n * ln2_high) - n * ln2_low;
  Vec tail = r * (1.0f / 5040) + 1.0f / 720;
  tail = tail * r + 1.0f / 120;
  tail = tail * r + 1.0f / 24;
  tail = tail * r + 1.0f / 6;
  tail = tail * r + 0.5f;
  return {as_ints(shifted) - as_ints(broadcast(round_to_int)), r, tail};
}

FASTCONV_INLINE Vec exp(Vec x) {
  // Past these bounds the result is infinity or zero; within, 2^n in two factors has exponents that exist.
  const ExpParts parts = exp_parts(max_keep_nan(min_keep_nan(x, 89.0f), -104.0f));
  const Vec fraction = (parts.tail * parts.r + 1.0f) * parts.r + 1.0f;
  const VecInt half = parts.n >> 1;
  return fraction * power_of_two(half) * power_of_two(parts.n - half);
}

// log(1 + f) for f from sqrt(1/2) - 1 to sqrt(2) - 1.  With s = f / (2 + f): log(1 + f) = 2 artanh(s), its series
// rearranged as in fdlibm's log so that f itself, which is exact, is the leading term.
FASTCONV_INLINE Vec log1p_near_zero(Vec f) {
  const Vec s = f / (f + 2.0f);
  const Vec z = s * s;
  const Vec series = (((z * (2.0f / 9) + 2.0f / 7) * z + 2.0f / 5) * z + 2.0f / 3) * z;
  const Vec half_square = f * f * 0.5f;
  return f - (half_square - s * (half_square + series));
}

// log(x); zero and denormals give -infinity, what is below NaN.
FASTCONV_INLINE Vec log(Vec x) {
  constexpr int32_t sqrt_half = 0x3f3504f3;
  const VecInt exponent = minus(as_ints(x), VecInt{} + sqrt_half) >> 23;
  const Vec fraction = as_floats(minus(as_ints(x), exponent << 23)) - 1.0f;
  const Vec e = __builtin_convertvector(exponent, Vec);
  Vec y = (log1p_near_zero(fraction) + e * ln2_low) + e * ln2_high;
  y = x < 1.17549435e-38f ? broadcast(-infinity) : y;
  y = x < infinity ? y : x;  // infinity and NaN
  return x < 0.0f ? broadcast(__builtin_nanf("")) : y;
}

// log(1 + u) for u from 0 to 1.
FASTCONV_INLINE Vec log1p_of_unit(Vec u) {
  const VecInt upper = u > 0.41421354f;  // there 1 + u = 2 (1 + (u - 1) / 2)
  const Vec f = upper ? (u - 1.0f) * 0.5f : u;
  return log1p_near_zero(f) + (upper ? broadcast(ln2) : Vec{});
}

// log(1 - p) for p from 0 to 1; below 1/4 without forming 1 - p, which would cost p its last digits.
FASTCONV_INLINE Vec log_of_rest(Vec p) { return p < 0.25f ? log1p_near_zero(-p) : log(1.0f - p); }

FASTCONV_INLINE Vec sigmoid(Vec x) { return 1.0f / (exp(-x) + 1.0f); }

// (e^2x - 1) / (e^2x + 1), with e^2x - 1 formed without cancellation.
FASTCONV_INLINE Vec tanh(Vec x) {
  const Vec size = min_keep_nan(magnitude(x), 10.0f);  // tanh(10) rounds to 1
  const ExpParts parts = exp_parts(size + size);
  const Vec scale = power_of_two(parts.n);
  const Vec below_one = (parts.tail * parts.r) * parts.r + parts.r;  // e^r - 1
  const Vec excess = below_one * scale + (scale - 1.0f);
  const Vec y = excess / (excess + 2.0f);
  return as_floats(as_ints(y) | (as_ints(x) & static_cast<int32_t>(0x80000000)));
}

FASTCONV_INLINE float max_of_lanes(Vec v) {
  float largest = v[0];
  for (int i = 1; i < vector_floats; ++i) largest = v[i] > largest ? v[i] : largest;
  return largest;
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
