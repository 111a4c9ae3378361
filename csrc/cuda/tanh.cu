// tanh: y = (e^2x - 1) / (e^2x + 1).
#include "primitives/tanh.h"

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

struct HyperbolicTangent {
  __device__ float operator()(float x) const { return tanhf(x); }
};

void elements(const Tanh&, const Call& call) {
  map(call, HyperbolicTangent{}, output<float>(call, 0), input<float>(call, 0));
}

const Register<Tanh> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
