// subtract: y = a - b, with NumPy's broadcasting.  Whole numbers wrap around.
#include "primitives/subtract.h"

#include "cuda/broadcast.cuh"

namespace fastconv {
namespace {

struct Difference {
  template <class Element>
  __device__ Element operator()(Element a, Element b) const {
    return static_cast<Element>(wrapping(a) - wrapping(b));
  }
};

void elements(const Subtract&, const Call& call) { arithmetic(call, Difference{}); }

const Register<Subtract> on_cuda{
    "cuda",
    {{"elements", one_number_type, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
