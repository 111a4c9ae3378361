// maximum: larger of a and b, with NumPy's broadcasting.  NaN in either gives NaN.
#include "primitives/maximum.h"

#include "cuda/broadcast.cuh"

namespace fastconv {
namespace {

struct Larger {
  template <class Element>
  __device__ Element operator()(Element a, Element b) const {
    return (a > b) | (a != a) ? a : b;  // fmaxf would lose NaN
  }
};

void elements(const Maximum&, const Call& call) { arithmetic(call, Larger{}); }

const Register<Maximum> on_cuda{
    "cuda",
    {{"elements", one_number_type, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
