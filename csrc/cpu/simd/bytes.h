// Vectors of small indices: one byte a lane in memory, 32 bits a lane in registers.
#pragma once
#include "cpu/simd/partial.h"
#include "cpu/simd/vector.h"

namespace fastconv {
namespace FASTCONV_SIMD {

typedef uint8_t VecBytes __attribute__((vector_size(FASTCONV_VECTOR_FLOATS)));
typedef uint8_t VecBytesUnaligned __attribute__((vector_size(FASTCONV_VECTOR_FLOATS), aligned(1), may_alias));

FASTCONV_INLINE VecInt load_bytes(const uint8_t* p) {
  return __builtin_convertvector(static_cast<VecBytes>(*reinterpret_cast<const VecBytesUnaligned*>(p)),
                                 VecInt);
}
FASTCONV_INLINE void store_bytes(uint8_t* p, VecInt v) {
  *reinterpret_cast<VecBytesUnaligned*>(p) = __builtin_convertvector(v, VecBytes);
}
// The first `count` lanes only; the others read as 0.
FASTCONV_INLINE VecInt load_bytes_up_to(const uint8_t* p, int64_t count) {
  if (count >= vector_floats) return load_bytes(p);
  VecInt v{};
  for (int i = 0; i < count; ++i) v[i] = p[i];
  return v;
}
FASTCONV_INLINE void store_bytes_up_to(uint8_t* p, VecInt v, int64_t count) {
  if (count >= vector_floats) return store_bytes(p, v);
  for (int i = 0; i < count; ++i) p[i] = static_cast<uint8_t>(v[i]);
}

// Whole vectors where the number of lanes is known to be a multiple, without a branch.
template <bool whole>
FASTCONV_INLINE Vec load_some(const float* p, int64_t count) {
  return whole ? load(p) : load_up_to(p, count);
}
template <bool whole>
FASTCONV_INLINE void store_some(float* p, Vec v, int64_t count) {
  whole ? store(p, v) : store_up_to(p, v, count);
}
template <bool whole>
FASTCONV_INLINE VecInt load_bytes_some(const uint8_t* p, int64_t count) {
  return whole ? load_bytes(p) : load_bytes_up_to(p, count);
}
template <bool whole>
FASTCONV_INLINE void store_bytes_some(uint8_t* p, VecInt v, int64_t count) {
  whole ? store_bytes(p, v) : store_bytes_up_to(p, v, count);
}

// `v` where the mask (all ones or all zeros a lane) is set, else 0; NaN and infinity are kept or dropped
// whole.
FASTCONV_INLINE Vec keep_where(VecInt mask, Vec v) {
  return reinterpret_cast<Vec>(mask & reinterpret_cast<VecInt>(v));
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
