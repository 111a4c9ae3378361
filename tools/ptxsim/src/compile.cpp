// A kernel's code: control flow, block order, liveness, and places in the register file.
#include <algorithm>
#include <set>
#include "lower.h"

// a run of independent or dependent FMAs with one dispatch: ext holds d, a, b, c for each
static const Ins* h_fmarun(W& w, const Ins* i) {
  const u32* ex = &w.blk->code->ext[i->ext];
  u32 n = i->e;
  u8* r = w.r;
  if (LIKELY(full(w))) {
    for (u32 k = 0; k < n; k++, ex += 4) {
      float* d = (float*)(r + ex[0]);
      const float *a = (float*)(r + ex[1]), *b = (float*)(r + ex[2]), *c = (float*)(r + ex[3]);
      for (int q = 0; q < 32; q += 8)
        _mm256_store_ps(d + q,
                        _mm256_fmadd_ps(_mm256_load_ps(a + q), _mm256_load_ps(b + q), _mm256_load_ps(c + q)));
    }
  } else {
    u32 m = w.mask;
    for (u32 k = 0; k < n; k++, ex += 4) {
      float* d = R<float>(w, ex[0]);
      const float *a = R<float>(w, ex[1]), *b = R<float>(w, ex[2]), *c = R<float>(w, ex[3]);
      LOOP {
        float v = __builtin_fmaf(a[l], b[l], c[l]);
        d[l] = (m >> l & 1) ? v : d[l];
      }
    }
  }
  return i + n;
}

namespace {
// ---------------------------------------------------------------- liveness and slots
struct Seg {
  u32 s, e;
};
struct Slots {
  struct Slot {
    std::map<u32, u32> seg;
    u32 off;
  };
  std::vector<Slot> v;
  static bool fits(const Slot& s, const std::vector<Seg>& r) {
    for (auto& x : r) {
      auto it = s.seg.lower_bound(x.s);
      if (it != s.seg.end() && it->first < x.e) return false;
      if (it != s.seg.begin()) {
        --it;
        if (it->second > x.s) return false;
      }
    }
    return true;
  }
  static void put(Slot& s, const std::vector<Seg>& r) {
    for (auto& x : r) s.seg[x.s] = x.e;
  }
};
}  // namespace

std::unique_ptr<Code> compile_kernel(Module& m, KernelDecl& k) {
  KBody b;
  parse_body(m, k, b);
  std::vector<LIns> X = lowered(m, k, b);
  // ---- blocks
  struct BB {
    size_t s, e;
    std::vector<int> succ, pred;
    int fall = -1;
    int depth = 0, loop = -1;
  };
  std::vector<BB> bb;
  std::vector<int> lab(b.nlabels, -1);
  std::vector<int> pending;
  {
    size_t i = 0;
    bool open = false;
    while (i < X.size()) {
      if (X[i].label >= 0) {
        if (open) {
          bb.back().e = i;
          open = false;
        }
        pending.push_back(X[i].label);
        ++i;
        continue;
      }
      if (!open) {
        BB n;
        n.s = i;
        n.e = i;
        bb.push_back(n);
        open = true;
        for (int l : pending) lab[l] = bb.size() - 1;
        pending.clear();
      }
      if (X[i].ctl) {
        bb.back().e = i + 1;
        open = false;
      }
      ++i;
    }
    if (open) bb.back().e = X.size();
  }
  int nb = bb.size();
  for (int i = 0; i < nb; i++) {
    LIns& t = X[bb[i].e - 1];
    for (int x : t.targets)
      if (x >= (int)lab.size() || lab[x] < 0) throw PtxError("PTX: branch to an unknown label");
    if (t.ctl == 1)
      bb[i].succ = {lab[t.targets[0]]};
    else if (t.ctl == 2) {
      bb[i].fall = i + 1;
      bb[i].succ = {lab[t.targets[0]], i + 1};
    } else if (t.ctl == 3)
      for (int x : t.targets) bb[i].succ.push_back(lab[x]);
    else if (t.ctl == 0 && i + 1 < nb) {
      bb[i].fall = i + 1;
      bb[i].succ = {i + 1};
    }
  }
  // reachability, reverse post-order, dominators, loops
  std::vector<int> po, rpo(nb, -1), idom(nb, -1);
  std::vector<u8> vis(nb, 0);
  {
    std::vector<std::pair<int, size_t>> st{{0, 0}};
    vis[0] = 1;
    while (!st.empty()) {
      auto& [n, q] = st.back();
      if (q < bb[n].succ.size()) {
        int x = bb[n].succ[q++];
        if (!vis[x]) {
          vis[x] = 1;
          st.push_back({x, 0});
        }
      } else {
        po.push_back(n);
        st.pop_back();
      }
    }
  }
  std::vector<int> ord(po.rbegin(), po.rend());
  for (size_t i = 0; i < ord.size(); i++) rpo[ord[i]] = i;
  for (int n : ord)
    for (int s : bb[n].succ) bb[s].pred.push_back(n);
  idom[0] = 0;
  for (bool ch = true; ch;) {
    ch = false;
    for (int n : ord)
      if (n) {
        int d = -1;
        for (int p : bb[n].pred)
          if (idom[p] >= 0) {
            if (d < 0)
              d = p;
            else {
              int x = p, y = d;
              while (x != y) {
                while (rpo[x] > rpo[y]) x = idom[x];
                while (rpo[y] > rpo[x]) y = idom[y];
              }
              d = x;
            }
          }
        if (d != idom[n]) {
          idom[n] = d;
          ch = true;
        }
      }
  }
  auto dom = [&](int a, int x) {
    while (rpo[x] > rpo[a]) x = idom[x];
    return x == a;
  };
  struct LP {
    int h;
    std::set<int> body;
    std::set<int> exits;
    int parent = -1, depth = 1;
  };
  std::vector<LP> loops;
  std::map<int, int> lh;
  for (int n : ord)
    for (int s : bb[n].succ)
      if (dom(s, n)) {
        int id;
        auto it = lh.find(s);
        if (it == lh.end()) {
          id = loops.size();
          lh[s] = id;
          loops.push_back(LP{});
          loops[id].h = s;
          loops[id].body.insert(s);
        } else
          id = it->second;
        std::vector<int> st{n};
        while (!st.empty()) {
          int x = st.back();
          st.pop_back();
          if (!loops[id].body.insert(x).second) continue;
          for (int p : bb[x].pred) st.push_back(p);
        }
      }
  {
    std::vector<int> by(loops.size());
    for (size_t i = 0; i < by.size(); i++) by[i] = i;
    std::sort(by.begin(), by.end(),
              [&](int a, int c) { return loops[a].body.size() > loops[c].body.size(); });
    for (int id : by) {
      loops[id].parent = bb[loops[id].h].loop;
      for (int x : loops[id].body) {
        bb[x].depth++;
        bb[x].loop = id;
        for (int s : bb[x].succ)
          if (!loops[id].body.count(s)) loops[id].exits.insert(s);
      }
    }
  }
  // final order: loops stay in one piece, exits behind them
  std::vector<int> order;
  {
    std::vector<u8> seen(nb, 0);
    struct F {
      int n;
      std::vector<int> s;
      size_t q;
    };
    std::vector<F> st;
    auto open = [&](int n) {
      seen[n] = 1;
      F f;
      f.n = n;
      f.q = 0;
      auto it = lh.find(n);
      if (it != lh.end())
        for (int x : loops[it->second].exits) f.s.push_back(x);
      std::vector<int> s = bb[n].succ;
      std::stable_sort(s.begin(), s.end(), [&](int a, int c) { return bb[a].depth < bb[c].depth; });
      for (int x : s) f.s.push_back(x);
      st.push_back(f);
    };
    open(0);
    while (!st.empty()) {
      F& f = st.back();
      if (f.q < f.s.size()) {
        int x = f.s[f.q++];
        if (!seen[x]) open(x);
      } else {
        order.push_back(f.n);
        st.pop_back();
      }
    }
    std::reverse(order.begin(), order.end());
  }
  // ---- liveness
  int nv = b.regs.size();
  size_t wn = (nv + 63) / 64;
  std::vector<std::vector<u64>> in(nb), outv(nb), use(nb), def(nb);
  auto uses = [&](const LIns& l, auto&& f) {
    if (l.a >= 0) f(l.a);
    if (l.b >= 0) f(l.b);
    if (l.c >= 0) f(l.c);
    if (l.ev >= 0) f(l.ev);
    if (l.guard >= 0) f(l.guard);
    if (l.duse && l.d >= 0) f(l.d);
    for (size_t q = 0; q < l.ext.size(); q++)
      if (l.ext[q] >= 0 && !l.extdef[q]) f(l.ext[q]);
    if (l.guard >= 0) {
      if (l.d >= 0) f(l.d);
      if (l.immv >= 0) f(l.immv);
      for (size_t q = 0; q < l.ext.size(); q++)
        if (l.ext[q] >= 0 && l.extdef[q]) f(l.ext[q]);
    }
  };
  auto defs = [&](const LIns& l, auto&& f) {
    if (l.d >= 0) f(l.d);
    if (l.immv >= 0) f(l.immv);
    for (size_t q = 0; q < l.ext.size(); q++)
      if (l.ext[q] >= 0 && l.extdef[q]) f(l.ext[q]);
  };
  for (int n : order) {
    in[n].assign(wn, 0);
    outv[n].assign(wn, 0);
    use[n].assign(wn, 0);
    def[n].assign(wn, 0);
    for (size_t i = bb[n].s; i < bb[n].e; i++) {
      if (X[i].label >= 0) continue;
      uses(X[i], [&](int v) {
        if (!(def[n][v >> 6] >> (v & 63) & 1)) use[n][v >> 6] |= 1ull << (v & 63);
      });
      defs(X[i], [&](int v) { def[n][v >> 6] |= 1ull << (v & 63); });
    }
  }
  for (bool ch = true; ch;) {
    ch = false;
    for (size_t q = order.size(); q-- > 0;) {
      int n = order[q];
      for (size_t x = 0; x < wn; x++) {
        u64 o = 0;
        for (int s : bb[n].succ) o |= in[s].empty() ? 0 : in[s][x];
        u64 i2 = use[n][x] | (o & ~def[n][x]);
        outv[n][x] = o;
        if (i2 != in[n][x]) {
          in[n][x] = i2;
          ch = true;
        }
      }
    }
  }
  std::vector<std::vector<Seg>> seg(nv);
  u32 total = 0;
  for (int n : order) total += 2 * (bb[n].e - bb[n].s) + 4;
  u32 endpos = total;
  for (size_t q = order.size(); q-- > 0;) {
    int n = order[q];
    u32 len = 2 * (bb[n].e - bb[n].s) + 4, st = endpos - len, en = endpos;
    endpos = st;
    auto add = [&](int v, u32 s, u32 e) {
      auto& S = seg[v];
      if (!S.empty() && S.back().s <= e) {
        S.back().s = std::min(S.back().s, s);
        if (e > S.back().e) S.back().e = e;
      } else
        S.push_back({s, e});
    };
    for (size_t x = 0; x < wn; x++)
      for (u64 o = outv[n][x]; o; o &= o - 1) add(x * 64 + __builtin_ctzll(o), st, en);
    for (size_t i = bb[n].e; i-- > bb[n].s;) {
      LIns& l = X[i];
      if (l.label >= 0) continue;
      u32 p = st + 2 + 2 * (i - bb[n].s);
      defs(l, [&](int v) {
        auto& S = seg[v];
        if (!S.empty() && S.back().s <= p + 1 && S.back().e > p + 1 && S.back().s >= st)
          S.back().s = p + 1;
        else if (S.empty() || S.back().s > p + 1)
          S.push_back({p + 1, p + 2});
      });
      uses(l, [&](int v) { add(v, st, p + 1); });
    }
  }
  for (auto& S : seg) std::reverse(S.begin(), S.end());
  // affinities from moves
  std::vector<std::vector<int>> aff(nv);
  for (int n : order)
    for (size_t i = bb[n].s; i < bb[n].e; i++)
      if (X[i].mov && X[i].label < 0) {
        aff[X[i].d].push_back(X[i].a);
        aff[X[i].a].push_back(X[i].d);
      }
  std::vector<int> byst;
  for (int v = 0; v < nv; v++)
    if (!b.regs[v].fixed && !seg[v].empty()) byst.push_back(v);
  std::sort(byst.begin(), byst.end(), [&](int a, int c) { return seg[a][0].s < seg[c][0].s; });
  Slots cl[17];
  std::vector<int> slot(nv, -1);
  for (int v : byst) {
    int c = b.regs[v].pred ? 0 : b.regs[v].size;
    auto& P = cl[c].v;
    int got = -1;
    for (int a : aff[v])
      if (slot[a] >= 0 && b.regs[a].size == b.regs[v].size && !b.regs[a].pred == !b.regs[v].pred &&
          Slots::fits(P[slot[a]], seg[v])) {
        got = slot[a];
        break;
      }
    for (size_t q = 0; got < 0 && q < P.size(); q++)
      if (Slots::fits(P[q], seg[v])) got = q;
    if (got < 0) {
      got = P.size();
      P.emplace_back();
    }
    Slots::put(P[got], seg[v]);
    slot[v] = got;
  }
  // ---- frame
  auto code = std::make_unique<Code>();
  Code& C = *code;
  C.mod = &m;
  C.name = k.name;
  C.pretty = k.pretty;
  u32 off = 0;
  std::vector<u8> used(nv, 0);
  for (int n : order)
    for (size_t i = bb[n].s; i < bb[n].e; i++)
      if (X[i].label < 0) uses(X[i], [&](int v) { used[v] = 1; });
  auto al = [](u32 x) { return (x + 31) / 32 * 32; };
  for (int v = 0; v < nv; v++)
    if (b.regs[v].isconst && used[v]) {
      auto& r = b.regs[v];
      r.off = off;
      C.consts.push_back({off, r.size, r.val, r.sym >= 0 ? r.sym : -1});
      off = al(off + 32 * r.size);
    }
  C.const_bytes = off;
  for (int v = 0; v < nv; v++)
    if (b.regs[v].special >= 0 && used[v]) {
      auto& r = b.regs[v];
      r.off = off;
      C.specials.push_back({off, (Special)r.special});
      off = al(off + 32 * r.size);
    }
  for (int c : {4, 8, 2, 1, 16})
    for (auto& s : cl[c].v) {
      s.off = off;
      off = al(off + 32 * c);
    }
  for (auto& s : cl[0].v) {
    s.off = off;
    off += 4;
  }
  off = al(off);
  u32 dump4 = off;
  off += 512;
  C.frame = off;
  (void)dump4;
  for (int v = 0; v < nv; v++)
    if (!b.regs[v].fixed)
      b.regs[v].off = slot[v] >= 0 ? cl[b.regs[v].pred ? 0 : b.regs[v].size].v[slot[v]].off : dump4;
  auto R_ = [&](int v) { return v < 0 ? ~0u : b.regs[v].off; };
  // ---- emission
  std::vector<u32> start(nb, 0);
  struct Fix {
    u32 ins;
    int bb;
    int ext;
  };
  std::vector<Fix> fix;
  std::vector<u32> dense(nb, 0);
  auto emit = [&](const LIns& l, Fn fn) -> Ins& {
    Ins i{};
    i.fn = i.real = fn;
    i.d = R_(l.d);
    i.a = R_(l.a);
    i.b = R_(l.b);
    i.c = R_(l.c);
    i.imm = l.imm;
    i.guard = ~0u;
    i.e = l.e;
    i.ext = ~0u;
    i.idx = C.ins.size();
    C.ins.push_back(i);
    C.locs.push_back(l.loc);
    C.cls.push_back(l.cls);
    C.text.emplace_back(l.text.substr(0, 160));
    return C.ins.back();
  };
  for (size_t q = 0; q < order.size(); q++) {
    int n = order[q];
    int next = q + 1 < order.size() ? order[q + 1] : -1;
    dense[n] = q;
    start[n] = C.ins.size();
    C.bbs.emplace_back();
    BBInfo& B = C.bbs.back();
    B.first = C.ins.size();
    B.loop = bb[n].loop;
    B.depth = bb[n].depth;
    LIns lb;
    lb.cls = C_OTHER;
    lb.loc = bb[n].s < X.size() ? X[bb[n].s].loc : 0;
    {
      Ins& i = emit(lb, h_bb);
      i.e = q;
    }
    bool jumped = false;
    for (size_t i = bb[n].s; i < bb[n].e; i++) {
      LIns& l = X[i];
      if (l.label >= 0) continue;
      if (l.ctl == 1) {
        B.mix[C_BRA]++;
        if (lab[l.targets[0]] != next) {
          Ins& z = emit(l, h_jmp);
          fix.push_back({z.idx, lab[l.targets[0]], -1});
        }
        jumped = true;
        continue;
      }
      if (l.ctl == 2) {
        B.mix[C_BRA]++;
        int T = lab[l.targets[0]], Fl = bb[n].fall;
        bool neg = l.gneg;
        jumped = true;
        if (T == next && Fl != next) {
          std::swap(T, Fl);
          neg = !neg;
        }
        Ins& z = emit(l, neg ? h_nbra : h_bra);
        z.guard = R_(l.guard);
        fix.push_back({z.idx, T, -1});
        if (Fl != next) {
          Ins& y = emit(l, h_jmp);
          fix.push_back({y.idx, Fl, -1});
        }
        continue;
      }
      if (l.mov && l.guard < 0 && R_(l.d) == R_(l.a)) continue;
      if (l.d >= 0 && slot[l.d] < 0 && !b.regs[l.d].fixed && l.mov) continue;
      B.mix[l.cls]++;
      B.flops_mma += 2 * l.macs;
      Ins& z = emit(l, l.fn);
      if (l.ev >= 0)
        z.e = R_(l.ev);
      else if (l.fn == sel_vote(0) || l.fn == sel_vote(1) || l.fn == sel_vote(2) || l.fn == sel_vote(3))
        z.e = ~0u;
      if (l.immv >= 0) z.imm = R_(l.immv);
      if (l.hasext) {
        z.ext = C.ext.size();
        if (l.rawext)
          for (u32 x : l.raw) C.ext.push_back(x);
        else
          for (int x : l.ext) C.ext.push_back(R_(x));
      }
      if (l.raw.size() == 3 && !l.rawext) {
        z.a = l.raw[0];
        z.b = l.raw[1];
        z.c = l.raw[2];
      } else if (l.raw.size() == 1 && !l.rawext)
        z.c = l.raw[0];
      if (l.guard >= 0) {
        z.guard = R_(l.guard);
        z.real = z.fn;
        z.fn = l.gneg ? h_nguard : h_guard;
      }
      if (l.fma && l.guard < 0) C.cls.back() = C_FFMA | 0x80;
      if (l.ctl == 3) {
        z.ext = C.ext.size();
        for (size_t t = 0; t < l.targets.size(); t++) {
          fix.push_back({z.idx, lab[l.targets[t]], (int)C.ext.size()});
          C.ext.push_back(0);
        }
        jumped = true;
      }
      if (l.ctl == 4) jumped = true;
    }
    if (!jumped && bb[n].fall >= 0 && bb[n].fall != next) {
      LIns j;
      Ins& z = emit(j, h_jmp);
      fix.push_back({z.idx, bb[n].fall, -1});
    }
    B.last = C.ins.size();
  }
  {
    LIns e;
    emit(e, h_end);
  }
  for (auto& f : fix) {
    if (f.ext >= 0)
      C.ext[f.ext] = start[f.bb];
    else
      C.ins[f.ins].imm = start[f.bb];
  }
  // runs of FMAs
  for (size_t i = 0; i < C.ins.size();) {
    size_t j = i;
    while (j < C.ins.size() && C.cls[j] == (C_FFMA | 0x80)) ++j;
    if (j - i >= 2)
      for (size_t s = i; s < j;) {
        size_t n = std::min<size_t>(j - s, 64);
        if (n >= 2) {
          Ins& z = C.ins[s];
          z.ext = C.ext.size();
          z.e = n;
          z.fn = z.real = h_fmarun;
          for (size_t q = s; q < s + n; q++) {
            C.ext.push_back(C.ins[q].d);
            C.ext.push_back(C.ins[q].a);
            C.ext.push_back(C.ins[q].b);
            C.ext.push_back(C.ins[q].c);
          }
        }
        s += n;
      }
    for (size_t s = i; s < j; s++) C.cls[s] = C_FFMA;
    i = j == i ? i + 1 : j;
  }
  C.loctab = b.locs;
  C.shared_static = b.shared_bytes;
  C.dyn_off = b.dyn_off;
  C.local_bytes = b.local_bytes;
  C.param_bytes = k.param_bytes;
  for (auto& l : loops) {
    LoopInfo li;
    li.header = dense[l.h];
    li.parent = l.parent;
    li.depth = bb[l.h].depth;
    for (int x : l.body) li.blocks.push_back(dense[x]);
    std::sort(li.blocks.begin(), li.blocks.end());
    C.loops.push_back(li);
  }
  for (auto& l : C.loops)
    if (l.parent >= 0) C.loops[l.parent].innermost = false;
  return code;
}
std::string Code::where(u32 idx) const {
  Loc l = idx < locs.size() && locs[idx] < loctab.size() ? loctab[locs[idx]] : Loc{};
  std::string s;
  auto fn = [&](u32 f) {
    auto it = mod->filemap.find(f);
    return it == mod->filemap.end() ? std::string("?") : it->second;
  };
  if (l.line)
    s = sfmt("%s:%u", fn(l.file).c_str(), l.line);
  else
    s = "(no line information: compile with -lineinfo)";
  if (l.iline) s += sfmt(" (inlined at %s:%u)", fn(l.ifile).c_str(), l.iline);
  if (idx < text.size() && !text[idx].empty()) {
    std::string t = text[idx];
    for (auto& c : t)
      if (c == '\n' || c == '\t') c = ' ';
    s += "  [" + t + "]";
  }
  return s;
}
Code* Module::code(const std::string& kn) {
  std::lock_guard<std::mutex> g(mu);
  auto it = codes.find(kn);
  if (it != codes.end()) return it->second.get();
  auto k = kernels.find(kn);
  if (k == kernels.end()) throw PtxError("kernel " + kn + " is not in the PTX");
  auto c = compile_kernel(*this, k->second);
  Code* r = c.get();
  codes[kn] = std::move(c);
  return r;
}
