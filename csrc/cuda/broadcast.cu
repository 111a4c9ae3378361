// broadcast: x repeated to a larger shape; elements are moved as words of their size.
#include "primitives/broadcast.h"

#include "cuda/broadcast.cuh"

namespace fastconv {
namespace {

Refusal supports(const Broadcast&, const Signature& step) { return needs_31_bits(step); }

void elements(const Broadcast&, const Call& call) {
  with_word_type(call.outputs[0].desc.dtype,
                 [&](auto word) { map_broadcast<decltype(word), decltype(word)>(call, Same{}); });
}

const Register<Broadcast> on_cuda{
    "cuda", {{"elements", supports, no_workspace, bandwidth_cost, elements, batch_invariant}}};

}  // namespace
}  // namespace fastconv
