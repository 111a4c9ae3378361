// add: y = a + b, with NumPy's broadcasting.  Whole numbers wrap around.
#include "primitives/add.h"

#include "cuda/broadcast.cuh"

namespace fastconv {
namespace {

struct Sum {
  template <class Element>
  __device__ Element operator()(Element a, Element b) const {
    return static_cast<Element>(wrapping(a) + wrapping(b));
  }
};

void elements(const Add&, const Call& call) { arithmetic(call, Sum{}); }

const Register<Add> on_cuda{
    "cuda",
    {{"elements", one_number_type, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
