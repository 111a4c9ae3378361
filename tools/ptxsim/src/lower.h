// A kernel between parsing and code: handlers over virtual registers, in the order of the PTX.
#pragma once
#include "exec.h"

struct LIns {
  Fn fn = nullptr;
  int d = -1, a = -1, b = -1, c = -1, ev = -1, immv = -1;  // vreg ids
  bool duse = false;                                       // d is read as well
  u64 imm = 0;
  u32 e = 0;
  int guard = -1;
  bool gneg = false;
  u32 loc = 0;
  Cls cls = C_OTHER;
  std::string_view text;
  double macs = 0;
  std::vector<int> ext;
  std::vector<u8> extdef;
  bool hasext = false;
  bool rawext = false;
  std::vector<u32> raw;
  int ctl = 0;  // 1 jump 2 conditional 3 multiway 4 end
  std::vector<int> targets;
  int label = -1;
  bool mov = false;
  bool fma = false;
  bool immdef = true;
};
std::vector<LIns> lowered(Module& m, KernelDecl& k, KBody& b);
