// square: y = x^2.
#include "primitives/square.h"

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

struct Squared {
  __device__ float operator()(float x) const { return x * x; }
};

void elements(const Square&, const Call& call) {
  map(call, Squared{}, output<float>(call, 0), input<float>(call, 0));
}

const Register<Square> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
