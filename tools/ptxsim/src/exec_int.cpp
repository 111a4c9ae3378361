// Arithmetic handlers of whole numbers and bits.
#include <limits>
#include "exec_alu.h"

#define OP1(N, E)                                           \
  struct N {                                                \
    template <class T>                                      \
    static inline __attribute__((always_inline)) T f(T a) { \
      return E;                                             \
    }                                                       \
  }
#define OP2(N, E)                                                \
  struct N {                                                     \
    template <class T>                                           \
    static inline __attribute__((always_inline)) T f(T a, T b) { \
      return E;                                                  \
    }                                                            \
  }
template <class T>
using U = std::make_unsigned_t<T>;
OP2(IAdd, (T)((U<T>)a + (U<T>)b));
OP2(ISub, (T)((U<T>)a - (U<T>)b));
OP2(IAnd, a& b);
OP2(IOr, a | b);
OP2(IXor, a ^ b);
OP2(IMin, a < b ? a : b);
OP2(IMax, a > b ? a : b);
OP1(INot, (T)~a);
OP1(ICnot, (T)(a == 0));
OP1(IAbs, (T)(a < 0 ? (U<T>)0 - (U<T>)a : a));
OP1(INeg, (T)((U<T>)0 - (U<T>)a));
struct IMulLo {
  template <class T>
  static inline T f(T a, T b) {
    typedef std::conditional_t<(sizeof(T) < 4), u32, U<T>> X;
    return (T)((X)a * (X)b);
  }
};
struct IMulHi {
  template <class T>
  static inline T f(T a, T b) {
    if constexpr (sizeof(T) == 8) {
      if constexpr (std::is_signed_v<T>)
        return (T)(((__int128)a * b) >> 64);
      else
        return (T)(((unsigned __int128)a * b) >> 64);
    } else {
      typedef std::conditional_t<std::is_signed_v<T>, s64, u64> X;
      return (T)(((X)a * (X)b) >> (8 * sizeof(T)));
    }
  }
};
template <class D>
struct MulW {
  template <class T>
  static inline D f(T a, T b) {
    return (D)((D)a * (D)b);
  }
};
template <class D>
struct MadW {
  template <class T>
  static inline D f(T a, T b, D c) {
    return (D)((U<D>)((D)a * (D)b) + (U<D>)c);
  }
};
struct MadLo {
  template <class T>
  static inline T f(T a, T b, T c) {
    return IAdd::f(IMulLo::f(a, b), c);
  }
};
struct MadHi {
  template <class T>
  static inline T f(T a, T b, T c) {
    return IAdd::f(IMulHi::f(a, b), c);
  }
};
template <class T>
static inline s64 x24(T a) {
  return std::is_signed_v<T> ? (s64)((s32)((u32)a << 8) >> 8) : (s64)((u32)a & 0xffffff);
}
struct Mul24Lo {
  template <class T>
  static inline T f(T a, T b) {
    return (T)(x24(a) * x24(b));
  }
};
struct Mul24Hi {
  template <class T>
  static inline T f(T a, T b) {
    return (T)((x24(a) * x24(b)) >> 16);
  }
};
struct Mad24Lo {
  template <class T>
  static inline T f(T a, T b, T c) {
    return (T)(Mul24Lo::f(a, b) + c);
  }
};
struct Mad24Hi {
  template <class T>
  static inline T f(T a, T b, T c) {
    return (T)(Mul24Hi::f(a, b) + c);
  }
};
struct MadSat {
  static inline s32 f(s32 a, s32 b, s32 c) {
    s64 v = (((s64)a * b) >> 32) + c;
    return v > 2147483647ll ? 2147483647 : v < -2147483648ll ? (s32)-2147483648ll : (s32)v;
  }
};
struct Sad {
  template <class T>
  static inline T f(T a, T b, T c) {
    return (T)((U<T>)c + (a < b ? (U<T>)b - (U<T>)a : (U<T>)a - (U<T>)b));
  }
};
struct IDiv {
  template <class T>
  static inline T f(T a, T b) {
    if (b == 0) return (T) ~(T)0;
    if (std::is_signed_v<T> && b == (T)-1) return (T)((U<T>)0 - (U<T>)a);
    return (T)(a / b);
  }
};
struct IRem {
  template <class T>
  static inline T f(T a, T b) {
    if (b == 0) return a;
    if (std::is_signed_v<T> && b == (T)-1) return 0;
    return (T)(a % b);
  }
};
struct Shl {
  template <class T>
  static inline T f(T a, u32 b) {
    constexpr u32 n = sizeof(T) * 8;
    return b >= n ? (T)0 : (T)((U<T>)a << (b & (n - 1)));
  }
};
struct Shr {
  template <class T>
  static inline T f(T a, u32 b) {
    constexpr u32 n = sizeof(T) * 8;
    if (std::is_signed_v<T>) return (T)(a >> (b >= n ? n - 1 : b));
    return b >= n ? (T)0 : (T)(a >> (b & (n - 1)));
  }
};
struct AddSat {
  static inline s32 f(s32 a, s32 b) {
    s64 v = (s64)a + b;
    return v > 2147483647ll ? 2147483647 : v < -2147483648ll ? (s32)-2147483648ll : (s32)v;
  }
};
struct SubSat {
  static inline s32 f(s32 a, s32 b) {
    s64 v = (s64)a - b;
    return v > 2147483647ll ? 2147483647 : v < -2147483648ll ? (s32)-2147483648ll : (s32)v;
  }
};
OP2(IMinRelu, (a < b ? a : b) < 0 ? (T)0 : (a < b ? a : b));
OP2(IMaxRelu, (a > b ? a : b) < 0 ? (T)0 : (a > b ? a : b));
struct Popc {
  template <class T>
  static inline u32 f(T a) {
    return __builtin_popcountll((u64)(U<T>)a);
  }
};
struct Clz {
  template <class T>
  static inline u32 f(T a) {
    return a == 0 ? sizeof(T) * 8 : (u32)__builtin_clzll((u64)(U<T>)a) - (64 - sizeof(T) * 8);
  }
};
struct Brev {
  template <class T>
  static inline T f(T x) {
    U<T> a = x, r = 0;
    if constexpr (sizeof(T) == 4) {
      a = (a >> 1 & 0x55555555) | (a & 0x55555555) << 1;
      a = (a >> 2 & 0x33333333) | (a & 0x33333333) << 2;
      a = (a >> 4 & 0x0f0f0f0f) | (a & 0x0f0f0f0f) << 4;
      r = __builtin_bswap32(a);
    } else {
      for (u32 k = 0; k < sizeof(T) * 8; k++) r |= (a >> k & 1) << (sizeof(T) * 8 - 1 - k);
    }
    return (T)r;
  }
};
template <bool SA>
struct Bfind {
  template <class T>
  static inline u32 f(T a) {
    U<T> x = a;
    if (std::is_signed_v<T> && a < 0) x = ~x;
    if (!x) return ~0u;
    u32 p = 63 - __builtin_clzll((u64)x);
    return SA ? sizeof(T) * 8 - 1 - p : p;
  }
};
struct Bfe {
  template <class T>
  static inline T f(T a, u32 b, u32 c) {
    constexpr u32 n = sizeof(T) * 8;
    u32 pos = b & 0xff, len = c & 0xff;
    if (len == 0) return 0;
    if (std::is_signed_v<T>) {
      u32 sb = pos + len - 1;
      if (sb > n - 1) sb = n - 1;
      T v = pos >= n ? (T)(a < 0 ? -1 : 0) : (T)(a >> pos);
      if (pos >= n) return v;
      u32 eff = sb - pos + 1;
      if (eff >= n) return v;
      return (T)((T)((U<T>)v << (n - eff)) >> (n - eff));
    }
    U<T> v = pos >= n ? 0 : (U<T>)a >> pos;
    if (len < n) v &= ((U<T>)1 << len) - 1;
    return (T)v;
  }
};
template <class T>
struct BfiT {};
struct Bfi32 {
  static inline u32 f(u32 a, u32 b, u32 c, u32 d) {
    u32 pos = c & 0xff, len = d & 0xff;
    if (pos > 31 || !len) return b;
    u32 m = (len >= 32 ? ~0u : (1u << len) - 1) << pos;
    return (b & ~m) | ((a << pos) & m);
  }
};
struct Bfi64 {
  static inline u64 f(u64 a, u64 b, u32 c, u32 d) {
    u32 pos = c & 0xff, len = d & 0xff;
    if (pos > 63 || !len) return b;
    u64 m = (len >= 64 ? ~0ull : (1ull << len) - 1) << pos;
    return (b & ~m) | ((a << pos) & m);
  }
};
template <class D, class A, class B, class C, class E, class F>
static const Ins* quad(W& w, const Ins* i) {
  D* d = R<D>(w, i->d);
  const A* a = R<A>(w, i->a);
  const B* b = R<B>(w, i->b);
  const C* c = R<C>(w, i->c);
  const E* e = R<E>(w, i->e);
  u32 m = w.mask;
  LOOP {
    D v = F::f(a[l], b[l], c[l], e[l]);
    d[l] = (m >> l & 1) ? v : d[l];
  }
  return i + 1;
}
struct ShfLClamp {
  static inline u32 f(u32 a, u32 b, u32 c) {
    u32 n = c > 32 ? 32 : c;
    return n == 0 ? b : n == 32 ? a : (b << n) | (a >> (32 - n));
  }
};
struct ShfLWrap {
  static inline u32 f(u32 a, u32 b, u32 c) {
    u32 n = c & 31;
    return n == 0 ? b : (b << n) | (a >> (32 - n));
  }
};
struct ShfRClamp {
  static inline u32 f(u32 a, u32 b, u32 c) {
    u32 n = c > 32 ? 32 : c;
    return n == 0 ? a : n == 32 ? b : (b << (32 - n)) | (a >> n);
  }
};
struct ShfRWrap {
  static inline u32 f(u32 a, u32 b, u32 c) {
    u32 n = c & 31;
    return n == 0 ? a : (b << (32 - n)) | (a >> n);
  }
};
static inline u32 prmtb(u64 v, u32 s) {
  u32 b = (v >> ((s & 7) * 8)) & 0xff;
  if (s & 8) b = (b & 0x80) ? 0xff : 0;
  return b;
}
struct Prmt {
  static inline u32 f(u32 a, u32 b, u32 c) {
    u64 v = (u64)b << 32 | a;
    return prmtb(v, c) | prmtb(v, c >> 4) << 8 | prmtb(v, c >> 8) << 16 | prmtb(v, c >> 12) << 24;
  }
};
template <int M>
struct PrmtM {
  static inline u32 f(u32 a, u32 b, u32 c) {
    u64 v = (u64)b << 32 | a;
    u32 r = 0;
    c &= 3;
    for (u32 k = 0; k < 4; k++) {
      u32 s = 0;
      if (M == 0)
        s = c + k;
      else if (M == 1)
        s = (c - k) & 7;
      else if (M == 2)
        s = c;
      else if (M == 3)
        s = k < c ? c : k;
      else if (M == 4)
        s = k > c ? c : k;
      else
        s = (c & 1) * 2 + (k & 1);
      r |= prmtb(v, s & 7) << 8 * k;
    }
    return r;
  }
};
template <class A, class B>
struct Dp4a {
  static inline u32 f(u32 a, u32 b, u32 c) {
    s32 r = c;
    for (int k = 0; k < 4; k++) r += (s32)(A)(a >> 8 * k) * (s32)(B)(b >> 8 * k);
    return r;
  }
};
template <class A, class B, bool HI>
struct Dp2a {
  static inline u32 f(u32 a, u32 b, u32 c) {
    s32 r = c;
    for (int k = 0; k < 2; k++) r += (s32)(A)(a >> 16 * k) * (s32)(B)(b >> (8 * (k + (HI ? 2 : 0))));
    return r;
  }
};
static const Ins* lop3(W& w, const Ins* i) {
  u32* d = R<u32>(w, i->d);
  const u32 *a = R<u32>(w, i->a), *b = R<u32>(w, i->b), *c = R<u32>(w, i->c);
  u32 m = w.mask, t = (u32)i->imm;
  u32 k[8];
  for (int q = 0; q < 8; q++) k[q] = (t >> q & 1) ? ~0u : 0;
  LOOP {
    u32 x = a[l], y = b[l], z = c[l];
    u32 v = (k[0] & ~x & ~y & ~z) | (k[1] & ~x & ~y & z) | (k[2] & ~x & y & ~z) | (k[3] & ~x & y & z) |
            (k[4] & x & ~y & ~z) | (k[5] & x & ~y & z) | (k[6] & x & y & ~z) | (k[7] & x & y & z);
    d[l] = (m >> l & 1) ? v : d[l];
  }
  return i + 1;
}
struct Fns {
  static inline u32 f(u32 m, u32 base, u32 off) {
    s32 o = (s32)off;
    u32 r = ~0u;
    if (o == 0) return base < 32 && (m >> base & 1) ? base : ~0u;
    s32 inc = o > 0 ? 1 : -1;
    s32 n = o > 0 ? o : -o, cnt = 0;
    for (s32 p = base; p >= 0 && p < 32; p += inc)
      if (m >> p & 1)
        if (++cnt == n) {
          r = p;
          break;
        }
    return r;
  }
};
struct Bmsk {
  static inline u32 f(u32 a, u32 b) {
    u32 m = b >= 32 ? ~0u : (1u << b) - 1;
    return a >= 32 ? 0 : m << a;
  }
};
// ---------------------------------------------------------------- carry chains (carry bits as a lane mask)
template <class T, int K>
static const Ins* carry(
    W& w,
    const Ins*
        i) {  // K: 0 add.cc 1 addc 2 sub.cc 3 subc 4 mad.lo.cc 5 madc.lo 6 mad.hi.cc 7 madc.hi ; e: 1 = write CC; c: CC register in ext
  T* d = R<T>(w, i->d);
  const T *a = R<T>(w, i->a), *b = R<T>(w, i->b);
  const T* c3 = K >= 4 ? R<T>(w, i->c) : nullptr;
  u32* cc = (u32*)(w.r + i->imm);
  u32 in = *cc, out = 0, m = w.mask;
  for (int l = 0; l < 32; l++)
    if (m >> l & 1) {
      unsigned __int128 v;
      T x, y;
      if (K == 0)
        v = (unsigned __int128)a[l] + b[l];
      else if (K == 1)
        v = (unsigned __int128)a[l] + b[l] + (in >> l & 1);
      else if (K == 2)
        v = (unsigned __int128)a[l] - b[l];
      else if (K == 3)
        v = (unsigned __int128)a[l] - b[l] - (in >> l & 1);
      else {
        typedef std::conditional_t<sizeof(T) == 4, u64, unsigned __int128> X;
        X p = (X)a[l] * b[l];
        x = K < 6 ? (T)p : (T)(p >> sizeof(T) * 8);
        y = c3[l];
        v = (unsigned __int128)x + y + ((K & 1) ? (in >> l & 1) : 0);
      }
      (void)x;
      d[l] = (T)v;
      if ((v >> (sizeof(T) * 8)) & 1) out |= 1u << l;
    }
  if (i->e) *cc = (in & ~m) | out;
  return i + 1;
}

// ---------------------------------------------------------------- selection
bool int_select(const PIns& p, const Wanted& wanted, Sel& s) {
  const auto& [op, t, rm, ftz, sat, x2, bf, hf] = wanted;
  const auto same = same_in(s, t);
  bool cc = p.has("cc");
  if (cc || op == "addc" || op == "subc" || op == "madc") {
    int k = op == "add"    ? 0
            : op == "addc" ? 1
            : op == "sub"  ? 2
            : op == "subc" ? 3
                           : (p.has("hi") ? 6 : 4) + (op == "madc");
    if (k >= 6 && (t == S32 || t == S64)) return false;
    same(k >= 4 ? 3 : 2);
    s.e = cc;
    s.ccin = 1;
    s.ccout = cc;
    bool w8 = tsz(t) == 8;
    if (k >= 4) s.cls = C_IMAD;
#define CK(K) \
  case K: s.fn = w8 ? (Fn)carry<u64, K> : (Fn)carry<u32, K>; break;
    switch (k) { CK(0) CK(1) CK(2) CK(3) CK(4) CK(5) CK(6) CK(7) }
    return true;
  }
  if (op == "add") {
    same(2);
    if (sat) {
      s.fn = bin<s32, s32, s32, AddSat>;
      return t == S32;
    }
    INTSW((bin<T COMMA T COMMA T COMMA IAdd>));
    return true;
  }
  if (op == "sub") {
    same(2);
    if (sat) {
      s.fn = bin<s32, s32, s32, SubSat>;
      return t == S32;
    }
    INTSW((bin<T COMMA T COMMA T COMMA ISub>));
    return true;
  }
  if (op == "mul" || op == "mad") {
    s.cls = C_IMAD;
    bool mad = op == "mad";
    same(mad ? 3 : 2);
    if (p.has("wide")) {
      s.ds = tsz(t) * 2;
      s.ss[2] = s.ds;
      switch (t) {
        case S16:
          s.fn = mad ? (Fn)tri<s32, s16, s16, s32, MadW<s32>> : (Fn)bin<s32, s16, s16, MulW<s32>>;
          break;
        case U16:
          s.fn = mad ? (Fn)tri<u32, u16, u16, u32, MadW<u32>> : (Fn)bin<u32, u16, u16, MulW<u32>>;
          break;
        case S32:
          s.fn = mad ? (Fn)tri<s64, s32, s32, s64, MadW<s64>> : (Fn)bin<s64, s32, s32, MulW<s64>>;
          break;
        case U32:
          s.fn = mad ? (Fn)tri<u64, u32, u32, u64, MadW<u64>> : (Fn)bin<u64, u32, u32, MulW<u64>>;
          break;
        default: return false;
      }
      return true;
    }
    if (p.has("hi")) {
      if (sat) {
        s.fn = tri<s32, s32, s32, s32, MadSat>;
        return mad && t == S32;
      }
      if (mad) {
        INTSW((tri<T COMMA T COMMA T COMMA T COMMA MadHi>));
      } else {
        INTSW((bin<T COMMA T COMMA T COMMA IMulHi>));
      }
      return true;
    }
    if (mad) {
      INTSW((tri<T COMMA T COMMA T COMMA T COMMA MadLo>));
    } else {
      INTSW((bin<T COMMA T COMMA T COMMA IMulLo>));
    }
    return true;
  }
  if (op == "mul24" || op == "mad24") {
    s.cls = C_IMAD;
    bool hi = p.has("hi"), mad = op == "mad24";
    same(mad ? 3 : 2);
    if (sat) return false;
    if (t == S32)
      s.fn = mad ? (hi ? (Fn)tri<s32, s32, s32, s32, Mad24Hi> : (Fn)tri<s32, s32, s32, s32, Mad24Lo>)
                 : (hi ? (Fn)bin<s32, s32, s32, Mul24Hi> : (Fn)bin<s32, s32, s32, Mul24Lo>);
    else
      s.fn = mad ? (hi ? (Fn)tri<u32, u32, u32, u32, Mad24Hi> : (Fn)tri<u32, u32, u32, u32, Mad24Lo>)
                 : (hi ? (Fn)bin<u32, u32, u32, Mul24Hi> : (Fn)bin<u32, u32, u32, Mul24Lo>);
    return true;
  }
  if (op == "sad") {
    same(3);
    INTSW((tri<T COMMA T COMMA T COMMA T COMMA Sad>));
    return true;
  }
  if (op == "div") {
    same(2);
    INTSW((bin<T COMMA T COMMA T COMMA IDiv>));
    return true;
  }
  if (op == "rem") {
    same(2);
    INTSW((bin<T COMMA T COMMA T COMMA IRem>));
    return true;
  }
  if (op == "abs") {
    same(1);
    switch (t) {
      case S16: s.fn = un<s16, s16, IAbs>; break;
      case S32: s.fn = un<s32, s32, IAbs>; break;
      case S64: s.fn = un<s64, s64, IAbs>; break;
      default: return false;
    }
    return true;
  }
  if (op == "neg") {
    same(1);
    INTSW((un<T COMMA T COMMA INeg>));
    return true;
  }
  if (op == "min" || op == "max") {
    same(2);
    bool mn = op == "min";
    if (p.has("relu")) {
      if (t != S32) return false;
      s.fn = mn ? (Fn)bin<s32, s32, s32, IMinRelu> : (Fn)bin<s32, s32, s32, IMaxRelu>;
      return true;
    }
    if (mn) {
      INTSW((bin<T COMMA T COMMA T COMMA IMin>));
    } else {
      INTSW((bin<T COMMA T COMMA T COMMA IMax>));
    }
    return true;
  }
  if (op == "and") {
    same(2);
    INTSW((bin<T COMMA T COMMA T COMMA IAnd>));
    return true;
  }
  if (op == "or") {
    same(2);
    INTSW((bin<T COMMA T COMMA T COMMA IOr>));
    return true;
  }
  if (op == "xor") {
    same(2);
    INTSW((bin<T COMMA T COMMA T COMMA IXor>));
    return true;
  }
  if (op == "not") {
    same(1);
    INTSW((un<T COMMA T COMMA INot>));
    return true;
  }
  if (op == "cnot") {
    same(1);
    INTSW((un<T COMMA T COMMA ICnot>));
    return true;
  }
  if (op == "shl") {
    same(2);
    s.ss[1] = 4;
    INTSW((bin<T COMMA T COMMA u32 COMMA Shl>));
    return true;
  }
  if (op == "shr") {
    same(2);
    s.ss[1] = 4;
    INTSW((bin<T COMMA T COMMA u32 COMMA Shr>));
    return true;
  }
  if (op == "popc") {
    same(1);
    s.ds = 4;
    s.fn = tsz(t) == 4 ? (Fn)un<u32, u32, Popc> : (Fn)un<u32, u64, Popc>;
    return true;
  }
  if (op == "clz") {
    same(1);
    s.ds = 4;
    s.fn = tsz(t) == 4 ? (Fn)un<u32, u32, Clz> : (Fn)un<u32, u64, Clz>;
    return true;
  }
  if (op == "brev") {
    same(1);
    s.fn = tsz(t) == 4 ? (Fn)un<u32, u32, Brev> : (Fn)un<u64, u64, Brev>;
    return true;
  }
  if (op == "bfind") {
    same(1);
    s.ds = 4;
    bool sh = p.has("shiftamt");
    switch (t) {
      case S32: s.fn = sh ? (Fn)un<u32, s32, Bfind<true>> : (Fn)un<u32, s32, Bfind<false>>; break;
      case U32: s.fn = sh ? (Fn)un<u32, u32, Bfind<true>> : (Fn)un<u32, u32, Bfind<false>>; break;
      case S64: s.fn = sh ? (Fn)un<u32, s64, Bfind<true>> : (Fn)un<u32, s64, Bfind<false>>; break;
      case U64: s.fn = sh ? (Fn)un<u32, u64, Bfind<true>> : (Fn)un<u32, u64, Bfind<false>>; break;
      default: return false;
    }
    return true;
  }
  if (op == "bfe") {
    same(3);
    s.ss[1] = s.ss[2] = 4;
    switch (t) {
      case S32: s.fn = tri<s32, s32, u32, u32, Bfe>; break;
      case U32: s.fn = tri<u32, u32, u32, u32, Bfe>; break;
      case S64: s.fn = tri<s64, s64, u32, u32, Bfe>; break;
      case U64: s.fn = tri<u64, u64, u32, u32, Bfe>; break;
      default: return false;
    }
    return true;
  }
  if (op == "bfi") {
    same(4);
    s.ss[2] = s.ss[3] = 4;
    s.fn = tsz(t) == 4 ? (Fn)quad<u32, u32, u32, u32, u32, Bfi32> : (Fn)quad<u64, u64, u64, u32, u32, Bfi64>;
    return true;
  }
  if (op == "lop3") {
    if (p.ops.size() < 5 || p.ops[4].k != Opnd::IMM || p.has("and") || p.has("or")) return false;
    same(3);
    s.imm = p.ops[4].imm;
    s.fn = lop3;
    return true;
  }
  if (op == "shf") {
    same(3);
    bool L = p.has("l"), wr = p.has("wrap");
    s.fn = L ? (wr ? (Fn)tri<u32, u32, u32, u32, ShfLWrap> : (Fn)tri<u32, u32, u32, u32, ShfLClamp>)
             : (wr ? (Fn)tri<u32, u32, u32, u32, ShfRWrap> : (Fn)tri<u32, u32, u32, u32, ShfRClamp>);
    return true;
  }
  if (op == "prmt") {
    s.ns = 3;
    static const char* md[] = {"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"};
    static const Fn fn[] = {tri<u32, u32, u32, u32, PrmtM<0>>, tri<u32, u32, u32, u32, PrmtM<1>>,
                            tri<u32, u32, u32, u32, PrmtM<2>>, tri<u32, u32, u32, u32, PrmtM<3>>,
                            tri<u32, u32, u32, u32, PrmtM<4>>, tri<u32, u32, u32, u32, PrmtM<5>>};
    s.fn = tri<u32, u32, u32, u32, Prmt>;
    for (int q = 0; q < 6; q++)
      if (p.has(md[q])) s.fn = fn[q];
    return true;
  }
  if (op == "dp4a") {
    same(3);
    bool a = p.mods[0] == "s32", b = p.mods[1] == "s32";
    s.cls = C_IMAD;
    s.fn = a ? (b ? (Fn)tri<u32, u32, u32, u32, Dp4a<s8, s8>> : (Fn)tri<u32, u32, u32, u32, Dp4a<s8, u8>>)
             : (b ? (Fn)tri<u32, u32, u32, u32, Dp4a<u8, s8>> : (Fn)tri<u32, u32, u32, u32, Dp4a<u8, u8>>);
    return true;
  }
  if (op == "dp2a") {
    same(3);
    bool hi = p.mods[0] == "hi", a = p.mods[1] == "s32", b = p.mods[2] == "s32";
    s.cls = C_IMAD;
#define D2(H)                                                                                              \
  (a ? (b ? (Fn)tri<u32, u32, u32, u32, Dp2a<s16, s8, H>> : (Fn)tri<u32, u32, u32, u32, Dp2a<s16, u8, H>>) \
     : (b ? (Fn)tri<u32, u32, u32, u32, Dp2a<u16, s8, H>> : (Fn)tri<u32, u32, u32, u32, Dp2a<u16, u8, H>>))
    s.fn = hi ? D2(true) : D2(false);
    return true;
  }
  if (op == "fns") {
    same(3);
    s.fn = tri<u32, u32, u32, u32, Fns>;
    return true;
  }
  if (op == "bmsk") {
    same(2);
    s.fn = bin<u32, u32, u32, Bmsk>;
    return true;
  }
  return false;
}
