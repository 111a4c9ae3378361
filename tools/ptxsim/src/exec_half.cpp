// Arithmetic handlers of half and bfloat16: N = 32 scalar, 64 packed.
#include "exec_alu.h"

static inline float fma_odd(float a, float b,
                            float c) {  // product exact in float (halves); sum rounded to odd
  float p = a * b, s = p + c, bb = s - p, e = (p - (s - bb)) + (c - bb);
  u32 u = fbits(s);
  bool adj = (e == e) && e != 0.f && !(u & 1);
  u32 up = (fbits(e) ^ u) >> 31;  // 0: same sign
  u32 v = up ? u - 1 : u + 1;
  return bitsf(adj ? v : u);
}
static inline float fma_bf(float a, float b, float c) {
  double p = (double)a * b, s = p + (double)c, bb = s - p, e = (p - (s - bb)) + ((double)c - bb);
  u64 u;
  memcpy(&u, &s, 8);
  if (e == e && e != 0 && !(u & 1)) {
    bool same = (e < 0) == (s < 0);
    u = same ? u + 1 : u - 1;
    memcpy(&s, &u, 8);
  }
  return d2f_odd(s);
}
struct HAdd {
  static inline float f(float a, float b, float) { return a + b; }
};
struct HSub {
  static inline float f(float a, float b, float) { return a - b; }
};
struct HMul {
  static inline float f(float a, float b, float) { return a * b; }
};
struct HFma {
  static inline float f(float a, float b, float c) { return fma_odd(a, b, c); }
};
struct BFma {
  static inline float f(float a, float b, float c) { return fma_bf(a, b, c); }
};
struct HMin {
  static inline float f(float a, float b, float) { return FMin<false, false>::f(a, b); }
};
struct HMax {
  static inline float f(float a, float b, float) { return FMax<false, false>::f(a, b); }
};
struct HMinN {
  static inline float f(float a, float b, float) { return FMin<false, true>::f(a, b); }
};
struct HMaxN {
  static inline float f(float a, float b, float) { return FMax<false, true>::f(a, b); }
};
struct HTanh {
  static inline float f(float a, float, float) { return tanhf(a); }
};
struct HEx2 {
  static inline float f(float a, float, float) { return exp2f(a); }
};
template <int N, bool BF, int NS, class F>
static const Ins* half_op(W& w, const Ins* i) {  // e: 1 sat 2 relu 4 ftz
  alignas(32) float A[N], B[N], C[N];
  alignas(32) u16 r[N];
  const u16* pa = R<u16>(w, i->a);
  if (BF)
    ldb<N>(pa, A);
  else
    ldh<N>(pa, A);
  if (NS > 1) {
    if (BF)
      ldb<N>(R<u16>(w, i->b), B);
    else
      ldh<N>(R<u16>(w, i->b), B);
  }
  if (NS > 2) {
    if (BF)
      ldb<N>(R<u16>(w, i->c), C);
    else
      ldh<N>(R<u16>(w, i->c), C);
  }
  if (UNLIKELY(i->e & 4))
    for (int q = 0; q < N; q++) {
      auto z = [](float x) { return __builtin_fabsf(x) < 6.103515625e-05f ? std::copysign(0.f, x) : x; };
      A[q] = z(A[q]);
      if (NS > 1) B[q] = z(B[q]);
      if (NS > 2) C[q] = z(C[q]);
    }
  for (int q = 0; q < N; q++) A[q] = F::f(A[q], NS > 1 ? B[q] : 0.f, NS > 2 ? C[q] : 0.f);
  if (i->e & 1)
    for (int q = 0; q < N; q++) A[q] = sat1(A[q]);
  if (i->e & 2)
    for (int q = 0; q < N; q++) A[q] = A[q] > 0.f ? A[q] : A[q] == A[q] ? 0.f : A[q];
  if (BF)
    stb<N>(r, A);
  else
    sth<N>(r, A);
  if (UNLIKELY(i->e & 4))
    for (int q = 0; q < N; q++)
      if (!BF && (r[q] & 0x7c00) == 0) r[q] &= 0x8000;
  if (!BF)
    for (int q = 0; q < N; q++)
      if ((r[q] & 0x7fff) > 0x7c00) r[q] = 0x7fff;
  if (N == 64) {
    u32* d = R<u32>(w, i->d);
    const u32* s = (const u32*)r;
    u32 m = w.mask;
    LOOP d[l] = (m >> l & 1) ? s[l] : d[l];
  } else {
    u16* d = R<u16>(w, i->d);
    u32 m = w.mask;
    LOOP d[l] = (m >> l & 1) ? r[l] : d[l];
  }
  return i + 1;
}
template <int N, int K>
static const Ins* half_sign(W& w, const Ins* i) {  // K 0 neg, 1 abs: bits only
  u32 m = w.mask;
  if (N == 64) {
    u32* d = R<u32>(w, i->d);
    const u32* a = R<u32>(w, i->a);
    LOOP {
      u32 v = K ? a[l] & 0x7fff7fff : a[l] ^ 0x80008000;
      d[l] = (m >> l & 1) ? v : d[l];
    }
  } else {
    u16* d = R<u16>(w, i->d);
    const u16* a = R<u16>(w, i->a);
    LOOP {
      u16 v = K ? a[l] & 0x7fff : a[l] ^ 0x8000;
      d[l] = (m >> l & 1) ? v : d[l];
    }
  }
  return i + 1;
}
#define HSEL(F, FB, NS)                                                      \
  (bf ? (x2 ? (Fn)half_op<64, true, NS, FB> : (Fn)half_op<32, true, NS, FB>) \
      : (x2 ? (Fn)half_op<64, false, NS, F> : (Fn)half_op<32, false, NS, F>))

bool half_select(const PIns& p, const Wanted& wanted, Sel& s) {
  const auto& [op, t, rm, ftz, sat, x2, bf, hf] = wanted;
  const auto same = same_in(s, t);
  s.cls = C_FP16;
  s.e = (sat ? 1 : 0) | (p.has("relu") ? 2 : 0) | (ftz ? 4 : 0);
  bool nn = p.has("NaN");
  if (op == "add") {
    same(2);
    s.fn = HSEL(HAdd, HAdd, 2);
    return true;
  }
  if (op == "sub") {
    same(2);
    s.fn = HSEL(HSub, HSub, 2);
    return true;
  }
  if (op == "mul") {
    same(2);
    s.fn = HSEL(HMul, HMul, 2);
    return true;
  }
  if (op == "fma") {
    same(3);
    s.fn = HSEL(HFma, BFma, 3);
    return true;
  }
  if (op == "min") {
    same(2);
    s.fn = nn ? HSEL(HMinN, HMinN, 2) : HSEL(HMin, HMin, 2);
    return true;
  }
  if (op == "max") {
    same(2);
    s.fn = nn ? HSEL(HMaxN, HMaxN, 2) : HSEL(HMax, HMax, 2);
    return true;
  }
  if (op == "neg") {
    same(1);
    s.fn = x2 ? (Fn)half_sign<64, 0> : (Fn)half_sign<32, 0>;
    return true;
  }
  if (op == "abs") {
    same(1);
    s.fn = x2 ? (Fn)half_sign<64, 1> : (Fn)half_sign<32, 1>;
    return true;
  }
  if (op == "tanh") {
    same(1);
    s.cls = C_SFU;
    s.fn = HSEL(HTanh, HTanh, 1);
    return true;
  }
  if (op == "ex2") {
    same(1);
    s.cls = C_SFU;
    s.fn = HSEL(HEx2, HEx2, 1);
    return true;
  }
  return false;
}
