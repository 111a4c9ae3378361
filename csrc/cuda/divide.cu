// divide: y = a / b, with NumPy's broadcasting.  float32 only.
#include "primitives/divide.h"

#include "cuda/broadcast.cuh"

namespace fastconv {
namespace {

struct Quotient {
  template <class Element>
  __device__ Element operator()(Element a, Element b) const {
    return a / b;
  }
};

void elements(const Divide&, const Call& call) { map_broadcast<float, float>(call, Quotient{}); }

const Register<Divide> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
