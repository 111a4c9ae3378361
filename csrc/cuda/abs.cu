// abs: y = |x|.
#include "primitives/abs.h"

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

struct Magnitude {
  __device__ float operator()(float x) const { return fabsf(x); }
};

void elements(const Abs&, const Call& call) {
  map(call, Magnitude{}, output<float>(call, 0), input<float>(call, 0));
}

const Register<Abs> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
