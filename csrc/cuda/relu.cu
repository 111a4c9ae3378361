// relu: y = max(x, 0); NaN stays NaN.
#include "primitives/relu.h"

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

struct Rectify {
  __device__ float operator()(float x) const { return x < 0.0f ? 0.0f : x; }  // fmaxf would lose NaN
};

void elements(const Relu&, const Call& call) {
  map(call, Rectify{}, output<float>(call, 0), input<float>(call, 0));
}

const Register<Relu> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
