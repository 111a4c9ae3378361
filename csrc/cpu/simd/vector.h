// The vector type of the wide units: GCC's vector extension, its width set by the build (4, 8 or 16 floats).
// One source serves SSE, AVX2, AVX-512 and NEON.  Everything lives in the unit's own namespace.
#pragma once
#include <cstddef>
#include <cstdint>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#ifndef FASTCONV_SIMD
#error "csrc/cpu/simd/vector.h is for wide units only (see fastconv_wide in CMakeLists.txt)"
#endif

#define FASTCONV_INLINE inline __attribute__((always_inline))
#define FASTCONV_UNROLL(n) FASTCONV_PRAGMA(GCC unroll n)
#define FASTCONV_PRAGMA(text) _Pragma(#text)

namespace fastconv {
namespace FASTCONV_SIMD {

constexpr int vector_floats = FASTCONV_VECTOR_FLOATS;

typedef float Vec __attribute__((vector_size(FASTCONV_VECTOR_FLOATS * 4), may_alias));
typedef float VecUnaligned __attribute__((vector_size(FASTCONV_VECTOR_FLOATS * 4), aligned(4), may_alias));
typedef int32_t VecInt __attribute__((vector_size(FASTCONV_VECTOR_FLOATS * 4), may_alias));
typedef int32_t VecIntUnaligned
    __attribute__((vector_size(FASTCONV_VECTOR_FLOATS * 4), aligned(4), may_alias));

FASTCONV_INLINE Vec load(const float* p) { return *reinterpret_cast<const VecUnaligned*>(p); }
FASTCONV_INLINE void store(float* p, Vec v) { *reinterpret_cast<VecUnaligned*>(p) = v; }
FASTCONV_INLINE Vec broadcast(float a) { return a - (Vec){}; }

// Larger of both, lane by lane; NaN in `a` passes on (NaN > b is false: the select keeps a).
FASTCONV_INLINE Vec max_keep_nan(Vec a, Vec b) { return b > a ? b : a; }

// Keeps a loaded vector in its register: GCC 12 otherwise folds the load into each of the FMAs that use it
// (12 loads a step instead of 2), which makes a micro-kernel load-bound.
#if defined(__AVX512F__)
#define FASTCONV_PIN(v) asm("" : "+v"(v))
#elif defined(__SSE2__)
#define FASTCONV_PIN(v) asm("" : "+x"(v))
#elif defined(__aarch64__)
#define FASTCONV_PIN(v) asm("" : "+w"(v))
#else
#define FASTCONV_PIN(v)
#endif

// Store past the caches: p aligned to the vector.  Worth it for whole lines that nobody reads soon.
FASTCONV_INLINE void stream(float* p, Vec v) {
#if defined(__AVX512F__)
  _mm512_stream_ps(p, reinterpret_cast<__m512>(v));
#elif defined(__AVX__)
  _mm256_stream_ps(p, reinterpret_cast<__m256>(v));
#elif defined(__SSE2__)
  _mm_stream_ps(p, reinterpret_cast<__m128>(v));
#else
  store(p, v);
#endif
}

// Non-temporal stores are not ordered by the pool's release: a task that streamed ends with this.
FASTCONV_INLINE void stream_fence() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
