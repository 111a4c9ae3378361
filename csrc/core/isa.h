// Which instruction set the wide kernels run with: the best that the processor has and the build holds,
// or what FASTCONV_ISA names (baseline, avx2, avx512).  Chosen once, when the library is loaded.
#pragma once
#include <string>
#include <vector>

namespace fastconv {

enum class Isa { baseline = 0, avx2, avx512 };

Isa active_isa();
const char* isa_name(Isa isa);
std::vector<Isa> available_isas();  // narrowest first
std::string isa_problem();          // what was wrong with FASTCONV_ISA, or empty

// The version of a wide function for the active set.  Use through FASTCONV_PICK.
template <class Function>
Function* pick(Function* baseline, Function* avx2, Function* avx512) {
  switch (active_isa()) {
    case Isa::avx512: return avx512;
    case Isa::avx2: return avx2;
    default: return baseline;
  }
}

}  // namespace fastconv
