// What the arithmetic handlers of all kinds share: a warp instruction over vectorised lanes, and how one is selected.
#pragma once
#include <cmath>
#include <type_traits>
#include "exec.h"

template <class D, class A, class F>
static const Ins* un(W& w, const Ins* i) {
  D* d = R<D>(w, i->d);
  const A* a = R<A>(w, i->a);
  if (LIKELY(full(w))) {
    LOOP d[l] = F::f(a[l]);
  } else {
    u32 m = w.mask;
    LOOP {
      D v = F::f(a[l]);
      d[l] = (m >> l & 1) ? v : d[l];
    }
  }
  return i + 1;
}
template <class D, class A, class B, class F>
static const Ins* bin(W& w, const Ins* i) {
  D* d = R<D>(w, i->d);
  const A* a = R<A>(w, i->a);
  const B* b = R<B>(w, i->b);
  if (LIKELY(full(w))) {
    LOOP d[l] = F::f(a[l], b[l]);
  } else {
    u32 m = w.mask;
    LOOP {
      D v = F::f(a[l], b[l]);
      d[l] = (m >> l & 1) ? v : d[l];
    }
  }
  return i + 1;
}
template <class D, class A, class B, class C, class F>
static const Ins* tri(W& w, const Ins* i) {
  D* d = R<D>(w, i->d);
  const A* a = R<A>(w, i->a);
  const B* b = R<B>(w, i->b);
  const C* c = R<C>(w, i->c);
  if (LIKELY(full(w))) {
    LOOP d[l] = F::f(a[l], b[l], c[l]);
  } else {
    u32 m = w.mask;
    LOOP {
      D v = F::f(a[l], b[l], c[l]);
      d[l] = (m >> l & 1) ? v : d[l];
    }
  }
  return i + 1;
}

// ---------------------------------------------------------------- floats and halves
template <bool Z>
static inline float fz(float x) {
  if (!Z) return x;
  u32 u = fbits(x);
  return bitsf((u & 0x7f800000) == 0 ? u & 0x80000000 : u);
}
template <bool Z>
static inline double fz(double x) {
  return x;
}
template <class T>
static inline T sat1(T x) {
  return x > (T)0 ? (x < (T)1 ? x : (T)1) : (T)0;
}
template <bool Z, bool NAN_>
struct FMin {
  template <class T>
  static inline T f(T a, T b) {
    a = fz<Z>(a);
    b = fz<Z>(b);
    T n = std::numeric_limits<T>::quiet_NaN();
    T r = a < b ? a : b;
    if (a == b) r = std::signbit(a) ? a : b;
    if (a != a)
      r = NAN_ ? n : (b != b ? n : b);
    else if (b != b)
      r = NAN_ ? n : a;
    return r;
  }
};
template <bool Z, bool NAN_>
struct FMax {
  template <class T>
  static inline T f(T a, T b) {
    a = fz<Z>(a);
    b = fz<Z>(b);
    T n = std::numeric_limits<T>::quiet_NaN();
    T r = a > b ? a : b;
    if (a == b) r = std::signbit(a) ? b : a;
    if (a != a)
      r = NAN_ ? n : (b != b ? n : b);
    else if (b != b)
      r = NAN_ ? n : a;
    return r;
  }
};
template <int N>
static inline void ldh(const u16* p, float* f) {
  for (int q = 0; q < N; q += 8)
    _mm256_store_ps(f + q, _mm256_cvtph_ps(_mm_load_si128((const __m128i*)(p + q))));
}
template <int N>
static inline void sth(u16* p, const float* f) {
  for (int q = 0; q < N; q += 8)
    _mm_store_si128((__m128i*)(p + q),
                    _mm256_cvtps_ph(_mm256_load_ps(f + q), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
template <int N>
static inline void ldb(const u16* p, float* f) {
  for (int q = 0; q < N; q++) f[q] = b2f(p[q]);
}
template <int N>
static inline void stb(u16* p, const float* f) {
  for (int q = 0; q < N; q++) p[q] = f2b(f[q]);
}

// ---------------------------------------------------------------- selection
enum Ty {
  S8,
  S16,
  S32,
  S64,
  U8,
  U16,
  U32,
  U64,
  B8,
  B16,
  B32,
  B64,
  F16,
  F16X2,
  BF16,
  BF16X2,
  F32,
  F64,
  PRED,
  TNONE,
  U16X2,
  S16X2
};
Ty ty(std::string_view s);
static inline int tsz(Ty t) {
  switch (t) {
    case S8:
    case U8:
    case B8: return 1;
    case S16:
    case U16:
    case B16:
    case F16:
    case BF16: return 2;
    case S64:
    case U64:
    case B64:
    case F64: return 8;
    case PRED: return 0;
    default: return 4;
  }
}

#define INTSW(EXPR)        \
  switch (t) {             \
    case S16: {            \
      typedef s16 T;       \
      s.fn = EXPR;         \
      break;               \
    }                      \
    case U16:              \
    case B16: {            \
      typedef u16 T;       \
      s.fn = EXPR;         \
      break;               \
    }                      \
    case S32: {            \
      typedef s32 T;       \
      s.fn = EXPR;         \
      break;               \
    }                      \
    case U32:              \
    case B32: {            \
      typedef u32 T;       \
      s.fn = EXPR;         \
      break;               \
    }                      \
    case S64: {            \
      typedef s64 T;       \
      s.fn = EXPR;         \
      break;               \
    }                      \
    case U64:              \
    case B64: {            \
      typedef u64 T;       \
      s.fn = EXPR;         \
      break;               \
    }                      \
    default: return false; \
  }
#define COMMA ,

// An instruction that is looked for.
struct Wanted {
  explicit Wanted(const PIns& p)
      : op(p.op),
        t(ty(p.mods.back())),
        rm(p.has("rz")   ? 1
           : p.has("rm") ? 2
           : p.has("rp") ? 3
                         : 0),
        ftz(p.has("ftz")),
        sat(p.has("sat")) {}
  std::string_view op;
  Ty t;
  int rm;
  bool ftz, sat;
  bool x2 = t == F16X2 || t == BF16X2, bf = t == BF16 || t == BF16X2, hf = t == F16 || t == F16X2 || bf;
};
// n sources and a result of one type.
static inline auto same_in(Sel& s, Ty t) {
  return [&s, t](int n) {
    s.ns = n;
    s.ds = tsz(t);
    for (auto& x : s.ss) x = tsz(t);
  };
}
bool int_select(const PIns& p, const Wanted& wanted, Sel& s);
bool float_select(const PIns& p, const Wanted& wanted, Sel& s);
bool half_select(const PIns& p, const Wanted& wanted, Sel& s);  // false: perhaps another one knows it
bool compare_select(const PIns& p, const Wanted& wanted, Sel& s);
