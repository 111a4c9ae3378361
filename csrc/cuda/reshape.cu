// reshape: a copy, where the compiler could not make y a view of x; elements are moved as words of their size.
#include "primitives/reshape.h"

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

Refusal supports(const Reshape&, const Signature& step) { return needs_31_bits(step); }

void elements(const Reshape&, const Call& call) {
  with_word_type(call.outputs[0].desc.dtype, [&](auto word) {
    map(call, Same{}, output<decltype(word)>(call, 0), input<decltype(word)>(call, 0));
  });
}

const Register<Reshape> on_cuda{
    "cuda", {{"elements", supports, no_workspace, bandwidth_cost, elements, batch_invariant}}};

}  // namespace
}  // namespace fastconv
