// exp: y = e^x.
#include "primitives/exp.h"

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

struct Exponential {
  __device__ float operator()(float x) const { return expf(x); }
};

void elements(const Exp&, const Call& call) {
  map(call, Exponential{}, output<float>(call, 0), input<float>(call, 0));
}

const Register<Exp> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
