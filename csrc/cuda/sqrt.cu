// sqrt: square root, correctly rounded; NaN below 0.
#include "primitives/sqrt.h"

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

struct SquareRoot {
  __device__ float operator()(float x) const { return sqrtf(x); }
};

void elements(const Sqrt&, const Call& call) {
  map(call, SquareRoot{}, output<float>(call, 0), input<float>(call, 0));
}

const Register<Sqrt> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
