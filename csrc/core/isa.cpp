#include "core/isa.h"

#include <cstdlib>

namespace fastconv {
namespace {

constexpr const char* names[] = {"baseline", "avx2", "avx512"};

bool processor_has(Isa isa) {
#if defined(FASTCONV_HAS_X86_SETS)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == Isa::avx2) return avx2;
  if (isa == Isa::avx512)
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
  return isa == Isa::baseline;
}

struct Choice {
  Isa isa;
  std::string problem;
};

Choice choose() {
  const std::vector<Isa> available = available_isas();
  Choice choice{available.back(), ""};
  const char* wanted = std::getenv("FASTCONV_ISA");
  if (!wanted || !*wanted) return choice;
  std::string list;
  for (Isa isa : available) {
    if (std::string(wanted) == isa_name(isa)) return {isa, ""};
    list += (list.empty() ? "" : ", ") + std::string(isa_name(isa));
  }
  choice.problem = "FASTCONV_ISA: expected one of the sets that this processor and this build have (" + list +
                   "); came '" + wanted + "'. Unset it to use " + isa_name(choice.isa) + ".";
  return choice;
}

const Choice& choice() {
  static const Choice made = choose();
  return made;
}

}  // namespace

Isa active_isa() { return choice().isa; }
std::string isa_problem() { return choice().problem; }
const char* isa_name(Isa isa) { return names[static_cast<int>(isa)]; }

std::vector<Isa> available_isas() {
  std::vector<Isa> available;
  for (Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512})
    if (processor_has(isa)) available.push_back(isa);
  return available;
}

}  // namespace fastconv
