// Arithmetic handlers of float and double.
#include <limits>
#include "exec_alu.h"

template <bool Z, bool S>
struct FAdd {
  template <class T>
  static inline T f(T a, T b) {
    T v = fz<Z>(fz<Z>(a) + fz<Z>(b));
    return S ? sat1(v) : v;
  }
};
template <bool Z, bool S>
struct FSub {
  template <class T>
  static inline T f(T a, T b) {
    T v = fz<Z>(fz<Z>(a) - fz<Z>(b));
    return S ? sat1(v) : v;
  }
};
template <bool Z, bool S>
struct FMul {
  template <class T>
  static inline T f(T a, T b) {
    T v = fz<Z>(fz<Z>(a) * fz<Z>(b));
    return S ? sat1(v) : v;
  }
};
static inline float fmaT(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
static inline double fmaT(double a, double b, double c) { return __builtin_fma(a, b, c); }
template <bool Z, bool S>
struct FFma {
  template <class T>
  static inline T f(T a, T b, T c) {
    T v = fz<Z>(fmaT(fz<Z>(a), fz<Z>(b), fz<Z>(c)));
    return S ? sat1(v) : v;
  }
};
template <bool Z>
struct FDiv {
  template <class T>
  static inline T f(T a, T b) {
    return fz<Z>(fz<Z>(a) / fz<Z>(b));
  }
};
template <bool Z>
struct FSqrt {
  static inline float f(float a) { return fz<Z>(__builtin_sqrtf(fz<Z>(a))); }
  static inline double f(double a) { return __builtin_sqrt(a); }
};
template <bool Z>
struct FRcp {
  template <class T>
  static inline T f(T a) {
    return fz<Z>((T)1 / fz<Z>(a));
  }
};
template <bool Z>
struct FRsqrt {
  static inline float f(float a) {
    a = fz<Z>(a);
    return fz<Z>((float)(1.0 / __builtin_sqrt((double)a)));
  }
  static inline double f(double a) { return 1.0 / __builtin_sqrt(a); }
};
template <bool Z>
struct FAbsF {
  static inline float f(float a) { return bitsf(fbits(fz<Z>(a)) & 0x7fffffff); }
};
template <bool Z>
struct FNegF {
  static inline float f(float a) { return bitsf(fbits(fz<Z>(a)) ^ 0x80000000); }
};
struct DAbs {
  static inline double f(double a) { return __builtin_fabs(a); }
};
struct DNeg {
  static inline double f(double a) { return -a; }
};
static inline float fast_exp2(float x) {            // within about 1 ulp
  x = x < -160.f ? -160.f : x > 160.f ? 160.f : x;  // NaN passes (both comparisons false)
  float fl = __builtin_floorf(x + 0.5f), r = x - fl;
  double p = 1.0;
  double y = (double)r * 0.693147180559945309417;
  p = 1 + y * (1 + y * (0.5 + y * (1.0 / 6 +
                                   y * (1.0 / 24 + y * (1.0 / 120 + y * (1.0 / 720 + y * (1.0 / 5040)))))));
  s64 e = (s64)(s32)fl + 1023;
  u64 u = (u64)e << 52;
  double s;
  memcpy(&s, &u, 8);
  return (float)(p * s);
}
template <bool Z>
struct FEx2 {
  static inline float f(float a) {
    a = fz<Z>(a);
    float v = fast_exp2(a == a ? a : 0.f);
    v = fz<Z>(v);
    return a == a ? v : a;
  }
};
template <bool Z>
struct FLg2 {
  static inline float f(float a) { return log2f(fz<Z>(a)); }
};
template <bool Z>
struct FSin {
  static inline float f(float a) { return sinf(fz<Z>(a)); }
};
template <bool Z>
struct FCos {
  static inline float f(float a) { return cosf(fz<Z>(a)); }
};
struct FTanh {
  static inline float f(float a) { return tanhf(a); }
};
struct Copysign32 {
  static inline float f(float a, float b) { return bitsf((fbits(b) & 0x7fffffff) | (fbits(a) & 0x80000000)); }
};
struct Copysign64 {
  static inline double f(double a, double b) { return std::copysign(b, a); }
};
// directed rounding: slow path, e = 1 rz, 2 rm, 3 rp; imm bit0 ftz, bit1 sat; op in template
template <class T, int OP>
static const Ins* rounded(W& w, const Ins* i) {
  T* d = R<T>(w, i->d);
  const T *a = R<T>(w, i->a), *b = R<T>(w, i->b), *c = OP == 3 ? R<T>(w, i->c) : nullptr;
  u32 m = w.mask;
  bool z = i->imm & 1, s = i->imm & 2;
  T x[32], y[32], q[32], r[32];
  for (int l = 0; l < 32; l++) {
    x[l] = z ? fz<true>(a[l]) : a[l];
    y[l] = (OP == 5 || OP == 6) ? (T)0 : z ? fz<true>(b[l]) : b[l];
    q[l] = c ? (z ? fz<true>(c[l]) : c[l]) : (T)0;
  }
  u32 old = _mm_getcsr();
  static const u32 rc[4] = {0, 3 << 13, 1 << 13, 2 << 13};
  _mm_setcsr((old & ~(3u << 13)) | rc[i->e & 3]);
  asm volatile("" ::: "memory");
  for (int l = 0; l < 32; l++) {
    volatile T v;
    volatile T xx = x[l], yy = y[l], qq = q[l];
    if (OP == 0)
      v = xx + yy;
    else if (OP == 1)
      v = xx - yy;
    else if (OP == 2)
      v = xx * yy;
    else if (OP == 3)
      v = fmaT(xx, yy, qq);
    else if (OP == 4)
      v = xx / yy;
    else if (OP == 5)
      v = (T)1 / xx;
    else
      v = sizeof(T) == 4 ? (T)__builtin_sqrtf(xx) : (T)__builtin_sqrt(xx);
    r[l] = v;
  }
  asm volatile("" ::: "memory");
  _mm_setcsr(old);
  for (int l = 0; l < 32; l++)
    if (m >> l & 1) {
      T v = z ? fz<true>(r[l]) : r[l];
      d[l] = s ? sat1(v) : v;
    }
  return i + 1;
}

// ---------------------------------------------------------------- selection
template <bool Z, bool S>
static Fn f32pick(std::string_view op) {
  if (op == "add") return bin<float, float, float, FAdd<Z, S>>;
  if (op == "sub") return bin<float, float, float, FSub<Z, S>>;
  if (op == "mul") return bin<float, float, float, FMul<Z, S>>;
  return tri<float, float, float, float, FFma<Z, S>>;
}
template <bool Z>
static Fn f32un(std::string_view op) {
  if (op == "sqrt") return un<float, float, FSqrt<Z>>;
  if (op == "rcp") return un<float, float, FRcp<Z>>;
  if (op == "rsqrt") return un<float, float, FRsqrt<Z>>;
  if (op == "ex2") return un<float, float, FEx2<Z>>;
  if (op == "lg2") return un<float, float, FLg2<Z>>;
  if (op == "sin") return un<float, float, FSin<Z>>;
  if (op == "cos") return un<float, float, FCos<Z>>;
  if (op == "abs") return un<float, float, FAbsF<Z>>;
  if (op == "neg") return un<float, float, FNegF<Z>>;
  return nullptr;
}

bool float_select(const PIns& p, const Wanted& wanted, Sel& s) {
  const auto& [op, t, rm, ftz, sat, x2, bf, hf] = wanted;
  const auto same = same_in(s, t);
  if (op == "copysign") {
    same(2);
    s.cls = C_FP32;
    s.fn = t == F32 ? (Fn)bin<float, float, float, Copysign32> : (Fn)bin<double, double, double, Copysign64>;
    return true;
  }
  bool d = t == F64;
  s.cls = d ? C_FP64 : C_FP32;
  if (op == "add" || op == "sub" || op == "mul" || op == "fma" || op == "mad") {
    same(op == "fma" || op == "mad" ? 3 : 2);
    if (!d && s.ns == 3) s.cls = C_FFMA;
    if (rm) {
      s.e = rm;
      s.imm = (ftz ? 1 : 0) | (sat ? 2 : 0);
      int k = op == "add" ? 0 : op == "sub" ? 1 : op == "mul" ? 2 : 3;
      static const Fn ff[] = {rounded<float, 0>, rounded<float, 1>, rounded<float, 2>, rounded<float, 3>},
                      dd[] = {rounded<double, 0>, rounded<double, 1>, rounded<double, 2>, rounded<double, 3>};
      s.fn = d ? dd[k] : ff[k];
      return true;
    }
    if (d) {
      s.fn = op == "add"   ? (Fn)bin<double, double, double, FAdd<false, false>>
             : op == "sub" ? (Fn)bin<double, double, double, FSub<false, false>>
             : op == "mul" ? (Fn)bin<double, double, double, FMul<false, false>>
                           : (Fn)tri<double, double, double, double, FFma<false, false>>;
      return true;
    }
    s.fn = ftz ? (sat ? f32pick<true, true>(op) : f32pick<true, false>(op))
               : (sat ? f32pick<false, true>(op) : f32pick<false, false>(op));
    return true;
  }
  if (op == "div") {
    same(2);
    s.cls = d ? C_FP64 : C_SFU;
    if (rm) {
      s.e = rm;
      s.imm = ftz;
      s.fn = d ? (Fn)rounded<double, 4> : (Fn)rounded<float, 4>;
      return true;
    }
    s.fn = d     ? (Fn)bin<double, double, double, FDiv<false>>
           : ftz ? (Fn)bin<float, float, float, FDiv<true>>
                 : (Fn)bin<float, float, float, FDiv<false>>;
    return true;
  }
  if (rm && (op == "rcp" || op == "sqrt")) {
    same(1);
    s.e = rm;
    s.imm = ftz;
    s.cls = C_SFU;
    s.fn = op == "rcp" ? (d ? (Fn)rounded<double, 5> : (Fn)rounded<float, 5>)
                       : (d ? (Fn)rounded<double, 6> : (Fn)rounded<float, 6>);
    return true;
  }
  if (op == "min" || op == "max") {
    same(p.ops.size() > 3 ? 3 : 2);
    if (s.ns == 3) return false;
    bool nn = p.has("NaN"), mn = op == "min";
    if (p.has("xorsign")) return false;
    if (d)
      s.fn = mn ? (Fn)bin<double, double, double, FMin<false, false>>
                : (Fn)bin<double, double, double, FMax<false, false>>;
    else if (ftz)
      s.fn = mn ? (nn ? (Fn)bin<float, float, float, FMin<true, true>>
                      : (Fn)bin<float, float, float, FMin<true, false>>)
                : (nn ? (Fn)bin<float, float, float, FMax<true, true>>
                      : (Fn)bin<float, float, float, FMax<true, false>>);
    else
      s.fn = mn ? (nn ? (Fn)bin<float, float, float, FMin<false, true>>
                      : (Fn)bin<float, float, float, FMin<false, false>>)
                : (nn ? (Fn)bin<float, float, float, FMax<false, true>>
                      : (Fn)bin<float, float, float, FMax<false, false>>);
    return true;
  }
  if (op == "tanh" && !d) {
    same(1);
    s.cls = C_SFU;
    s.fn = un<float, float, FTanh>;
    return true;
  }
  if (d) {
    same(1);
    if (op == "abs")
      s.fn = un<double, double, DAbs>;
    else if (op == "neg")
      s.fn = un<double, double, DNeg>;
    else if (op == "sqrt")
      s.fn = un<double, double, FSqrt<false>>;
    else if (op == "rcp")
      s.fn = un<double, double, FRcp<false>>;
    else if (op == "rsqrt")
      s.fn = un<double, double, FRsqrt<false>>;
    else
      return false;
    return true;
  }
  same(1);
  s.fn = ftz ? f32un<true>(op) : f32un<false>(op);
  if (op != "abs" && op != "neg") s.cls = C_SFU;
  return s.fn;
}
