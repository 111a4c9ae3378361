// minimum: smaller of a and b, with NumPy's broadcasting.  NaN in either gives NaN.
#include "primitives/minimum.h"

#include "cuda/broadcast.cuh"

namespace fastconv {
namespace {

struct Smaller {
  template <class Element>
  __device__ Element operator()(Element a, Element b) const {
    return (a < b) | (a != a) ? a : b;  // fminf would lose NaN
  }
};

void elements(const Minimum&, const Call& call) { arithmetic(call, Smaller{}); }

const Register<Minimum> on_cuda{
    "cuda",
    {{"elements", one_number_type, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
