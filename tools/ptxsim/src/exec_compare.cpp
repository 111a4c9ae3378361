// Comparisons, predicates, and choosing by them.
#include "exec_alu.h"

enum Cmp { EQ, NE, LT, LE, GT, GE, EQU, NEU, LTU, LEU, GTU, GEU, NUM, NANc };
template <int K, class T>
static inline bool cmp(T a, T b) {
  if constexpr (K == EQ)
    return a == b;
  else if constexpr (K == NE) {
    if constexpr (std::is_floating_point_v<T>)
      return a < b || a > b;
    else
      return a != b;
  } else if constexpr (K == LT)
    return a < b;
  else if constexpr (K == LE)
    return a <= b;
  else if constexpr (K == GT)
    return a > b;
  else if constexpr (K == GE)
    return a >= b;
  else if constexpr (K == EQU)
    return !(a < b || a > b);
  else if constexpr (K == NEU)
    return !(a == b);
  else if constexpr (K == LTU)
    return !(a >= b);
  else if constexpr (K == LEU)
    return !(a > b);
  else if constexpr (K == GTU)
    return !(a <= b);
  else if constexpr (K == GEU)
    return !(a < b);
  else if constexpr (K == NUM)
    return a == a && b == b;
  else
    return a != a || b != b;
}
template <class T, int K, int LD>
static inline u32 cmpmask(W& w, const Ins* i) {  // LD: 0 plain, 1 half, 2 bf16, 3 float with ftz
  alignas(32) u32 t[32];
  if constexpr (LD == 0) {
    const T *a = R<T>(w, i->a), *b = R<T>(w, i->b);
    LOOP t[l] = cmp<K, T>(a[l], b[l]) ? ~0u : 0u;
  } else if constexpr (LD == 3) {
    const T *a = R<T>(w, i->a), *b = R<T>(w, i->b);
    LOOP t[l] = cmp<K, T>(fz<true>(a[l]), fz<true>(b[l])) ? ~0u : 0u;
  } else {
    alignas(32) float A[32], B[32];
    if (LD == 1) {
      ldh<32>(R<u16>(w, i->a), A);
      ldh<32>(R<u16>(w, i->b), B);
    } else {
      ldb<32>(R<u16>(w, i->a), A);
      ldb<32>(R<u16>(w, i->b), B);
    }
    LOOP t[l] = cmp<K, float>(A[l], B[l]) ? ~0u : 0u;
  }
  return maskof(t);
}
// imm low 32: offset of q or ~0; c: offset of the combining predicate or ~0; e: bit0-1 boolop (0 none 1 and 2 or 3 xor), bit 2: negated c
template <class T, int K, int LD>
static const Ins* setp(W& w, const Ins* i) {
  u32 t = cmpmask<T, K, LD>(w, i), m = w.mask, f = ~t;
  if (UNLIKELY(i->e & 3)) {
    u32 c = *(u32*)(w.r + i->c);
    if (i->e & 4) c = ~c;
    int o = i->e & 3;
    t = o == 1 ? t & c : o == 2 ? t | c : t ^ c;
    f = o == 1 ? f & c : o == 2 ? f | c : f ^ c;
  }
  if (i->d != ~0u) {
    u32* d = (u32*)(w.r + i->d);
    *d = (*d & ~m) | (t & m);
  }
  if (UNLIKELY((u32)i->imm != ~0u)) {
    u32* q = (u32*)(w.r + (u32)i->imm);
    *q = (*q & ~m) | (f & m);
  }
  return i + 1;
}
template <class T, int K, int LD>
static const Ins* setv(W& w, const Ins* i) {  // set: d = all ones or 1.0f (imm bit 0), 16-bit: imm bit 1
  u32 t = cmpmask<T, K, LD>(w, i), m = w.mask;
  if (UNLIKELY(i->e & 3)) {
    u32 c = *(u32*)(w.r + i->c);
    if (i->e & 4) c = ~c;
    int o = i->e & 3;
    t = o == 1 ? t & c : o == 2 ? t | c : t ^ c;
  }
  if (i->imm & 2) {
    u16* d = R<u16>(w, i->d);
    u16 v = (u16)(i->imm >> 16);
    for (int l = 0; l < 32; l++)
      if (m >> l & 1) d[l] = (t >> l & 1) ? v : 0;
  } else {
    u32* d = R<u32>(w, i->d);
    u32 v = (i->imm & 1) ? 0x3f800000u : ~0u;
    for (int l = 0; l < 32; l++)
      if (m >> l & 1) d[l] = (t >> l & 1) ? v : 0;
  }
  return i + 1;
}
template <int K, bool BF>
static const Ins* set2(W& w, const Ins* i) {  // packed halves; imm: value when true
  const u16 *a = R<u16>(w, i->a), *b = R<u16>(w, i->b);
  u32* d = R<u32>(w, i->d);
  u32 m = w.mask;
  u16 v = (u16)i->imm;
  for (int l = 0; l < 32; l++)
    if (m >> l & 1) {
      u32 r = 0;
      for (int h = 0; h < 2; h++) {
        float x = BF ? b2f(a[2 * l + h]) : h2f(a[2 * l + h]), y = BF ? b2f(b[2 * l + h]) : h2f(b[2 * l + h]);
        if (cmp<K, float>(x, y)) r |= (u32)v << 16 * h;
      }
      d[l] = r;
    }
  return i + 1;
}
template <int K, bool BF>
static const Ins* setp2(W& w, const Ins* i) {  // d and q: low and high halves
  const u16 *a = R<u16>(w, i->a), *b = R<u16>(w, i->b);
  u32 m = w.mask, r[2] = {0, 0};
  for (int l = 0; l < 32; l++)
    for (int h = 0; h < 2; h++) {
      float x = BF ? b2f(a[2 * l + h]) : h2f(a[2 * l + h]), y = BF ? b2f(b[2 * l + h]) : h2f(b[2 * l + h]);
      if (cmp<K, float>(x, y)) r[h] |= 1u << l;
    }
  if (i->e & 3) {
    u32 c = *(u32*)(w.r + i->c);
    if (i->e & 4) c = ~c;
    int o = i->e & 3;
    for (auto& t : r) t = o == 1 ? t & c : o == 2 ? t | c : t ^ c;
  }
  if (i->d != ~0u) {
    u32* d = (u32*)(w.r + i->d);
    *d = (*d & ~m) | (r[0] & m);
  }
  if ((u32)i->imm != ~0u) {
    u32* q = (u32*)(w.r + (u32)i->imm);
    *q = (*q & ~m) | (r[1] & m);
  }
  return i + 1;
}
template <class T>
static const Ins* selp(W& w, const Ins* i) {
  T* d = R<T>(w, i->d);
  const T *a = R<T>(w, i->a), *b = R<T>(w, i->b);
  u32 p = *(u32*)(w.r + i->c);
  if (i->e) p = ~p;
  if (LIKELY(full(w))) {
    LOOP d[l] = (p >> l & 1) ? a[l] : b[l];
  } else {
    u32 m = w.mask;
    LOOP {
      T v = (p >> l & 1) ? a[l] : b[l];
      d[l] = (m >> l & 1) ? v : d[l];
    }
  }
  return i + 1;
}
template <class T>
struct SlctF {
  static inline T f(T a, T b, float c) { return c >= 0.f ? a : b; }
};
template <class T>
struct SlctS {
  static inline T f(T a, T b, s32 c) { return c >= 0 ? a : b; }
};
template <int K>
static const Ins* predop(W& w, const Ins* i) {  // 0 mov 1 not 2 and 3 or 4 xor ; e bit0/1: negated sources
  u32* d = (u32*)(w.r + i->d);
  u32 a = *(u32*)(w.r + i->a), b = K >= 2 ? *(u32*)(w.r + i->b) : 0, m = w.mask;
  if (i->e & 1) a = ~a;
  if (i->e & 2) b = ~b;
  u32 v = K == 0 ? a : K == 1 ? ~a : K == 2 ? a & b : K == 3 ? a | b : a ^ b;
  *d = (*d & ~m) | (v & m);
  return i + 1;
}
template <class T>
static const Ins* testp(W& w, const Ins* i) {  // e: 0 finite 1 infinite 2 number 3 nan 4 normal 5 subnormal
  const T* a = R<T>(w, i->a);
  u32 m = w.mask, r = 0;
  for (int l = 0; l < 32; l++) {
    int c = std::fpclassify(a[l]);
    bool v = false;
    switch (i->e) {
      case 0: v = c != FP_NAN && c != FP_INFINITE; break;
      case 1: v = c == FP_INFINITE; break;
      case 2: v = c != FP_NAN; break;
      case 3: v = c == FP_NAN; break;
      case 4: v = c == FP_NORMAL; break;
      case 5: v = c == FP_SUBNORMAL;
    }
    if (v) r |= 1u << l;
  }
  u32* d = (u32*)(w.r + i->d);
  *d = (*d & ~m) | (r & m);
  return i + 1;
}

// ---------------------------------------------------------------- selection
template <class T, int LD>
static Fn pick_setp(int k, bool v) {
#define P(K) \
  case K: return v ? (Fn)setv<T, K, LD> : (Fn)setp<T, K, LD>;
  switch (k) { P(EQ) P(NE) P(LT) P(LE) P(GT) P(GE) default : break; }
  if constexpr (std::is_floating_point_v<T>) switch (k) {
      P(EQU) P(NEU) P(LTU) P(LEU) P(GTU) P(GEU) P(NUM) P(NANc)
    }
#undef P
  return nullptr;
}
template <bool BF>
static Fn pick_set2(int k, bool v) {
#define P(K) \
  case K: return v ? (Fn)set2<K, BF> : (Fn)setp2<K, BF>;
  switch (k) { P(EQ) P(NE) P(LT) P(LE) P(GT) P(GE) P(EQU) P(NEU) P(LTU) P(LEU) P(GTU) P(GEU) P(NUM) P(NANc) }
#undef P
  return nullptr;
}
static int cmpop(std::string_view s) {
  static const std::map<std::string_view, int> m = {
      {"eq", EQ},   {"ne", NE},   {"lt", LT},   {"le", LE},   {"gt", GT},   {"ge", GE},
      {"lo", LT},   {"ls", LE},   {"hi", GT},   {"hs", GE},   {"equ", EQU}, {"neu", NEU},
      {"ltu", LTU}, {"leu", LEU}, {"gtu", GTU}, {"geu", GEU}, {"num", NUM}, {"nan", NANc}};
  auto i = m.find(s);
  return i == m.end() ? -1 : i->second;
}

bool compare_select(const PIns& p, const Wanted& wanted, Sel& s) {
  const auto& [op, t, rm, ftz, sat, x2, bf, hf] = wanted;
  const auto same = same_in(s, t);
  if (t == PRED) {
    s.cls = C_PRED;
    s.dpred = true;
    s.ns = op == "mov" || op == "not" ? 1 : 2;
    s.ds = 0;
    for (auto& x : s.ss) x = 0;
    if (op == "mov")
      s.fn = predop<0>;
    else if (op == "not")
      s.fn = predop<1>;
    else if (op == "and")
      s.fn = predop<2>;
    else if (op == "or")
      s.fn = predop<3>;
    else if (op == "xor")
      s.fn = predop<4>;
    else
      return false;
    return true;
  }
  if (op == "setp" || op == "set") {
    int k = -1, bo = 0;
    for (auto m : p.mods) {
      if (k < 0 && cmpop(m) >= 0) {
        k = cmpop(m);
        continue;
      }
      if (m == "and")
        bo = 1;
      else if (m == "or")
        bo = 2;
      else if (m == "xor")
        bo = 3;
    }
    if (k < 0) return false;
    s.e = bo;
    s.ns = bo ? 3 : 2;
    s.cls = C_PRED;
    s.ss[0] = s.ss[1] = tsz(t);
    s.ss[2] = 0;
    bool v = op == "set";
    s.setp = !v;
    s.dpred = !v;
    s.ds = 4;
    if (v) {
      Ty dt = TNONE;
      for (size_t q = 0; q + 1 < p.mods.size(); q++)
        if (ty(p.mods[q]) != TNONE) dt = ty(p.mods[q]);
      if (x2) {
        s.imm = dt == F16X2 ? 0x3c00 : dt == BF16X2 ? 0x3f80 : 0xffff;
        s.fn = bf ? pick_set2<true>(k, true) : pick_set2<false>(k, true);
        return s.fn;
      }
      s.imm = dt == F32      ? 1
              : tsz(dt) == 2 ? 2 | (u64)(dt == F16    ? 0x3c00
                                         : dt == BF16 ? 0x3f80
                                                      : 0xffff)
                                       << 16
                             : 0;
      s.ds = tsz(dt);
    } else if (x2) {
      s.fn = bf ? pick_set2<true>(k, false) : pick_set2<false>(k, false);
      return s.fn;
    }
    if (t == F32)
      s.fn = ftz ? pick_setp<float, 3>(k, v) : pick_setp<float, 0>(k, v);
    else if (t == F64)
      s.fn = pick_setp<double, 0>(k, v);
    else if (t == F16)
      s.fn = pick_setp<float, 1>(k, v);
    else if (t == BF16)
      s.fn = pick_setp<float, 2>(k, v);
    else
      INTSW((pick_setp<T COMMA 0>(k, v)));
    return s.fn;
  }
  if (op == "selp") {
    same(3);
    s.ss[2] = 0;
    s.cls = C_PRED;
    s.fn = tsz(t) == 2 ? (Fn)selp<u16> : tsz(t) == 4 ? (Fn)selp<u32> : (Fn)selp<u64>;
    return tsz(t) >= 2;
  }
  if (op == "slct") {
    Ty ct = t;
    Ty dt = TNONE;
    for (size_t q = 0; q + 1 < p.mods.size(); q++)
      if (ty(p.mods[q]) != TNONE) dt = ty(p.mods[q]);
    s.ns = 3;
    s.ds = s.ss[0] = s.ss[1] = tsz(dt);
    s.ss[2] = 4;
    s.cls = C_PRED;
    if (tsz(dt) == 4)
      s.fn = ct == F32 ? (Fn)tri<u32, u32, u32, float, SlctF<u32>> : (Fn)tri<u32, u32, u32, s32, SlctS<u32>>;
    else if (tsz(dt) == 8)
      s.fn = ct == F32 ? (Fn)tri<u64, u64, u64, float, SlctF<u64>> : (Fn)tri<u64, u64, u64, s32, SlctS<u64>>;
    else
      return false;
    return true;
  }
  if (op == "testp") {
    s.ns = 1;
    s.ss[0] = tsz(t);
    s.dpred = true;
    s.ds = 0;
    s.cls = C_PRED;
    auto q = p.mods[0];
    s.e = q == "finite"       ? 0
          : q == "infinite"   ? 1
          : q == "number"     ? 2
          : q == "notanumber" ? 3
          : q == "normal"     ? 4
                              : 5;
    s.fn = t == F32 ? (Fn)testp<float> : (Fn)testp<double>;
    return true;
  }
  return false;
}
