// relu_gradient: (dy, y) -> dx = dy where y > 0, else 0.  Where y is NaN, dy passes.
#include "primitives/relu_gradient.h"

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

struct PassWherePositive {
  __device__ float operator()(float dy, float y) const { return y <= 0.0f ? 0.0f : dy; }
};

void elements(const ReluGradient&, const Call& call) {
  map(call, PassWherePositive{}, output<float>(call, 0), input<float>(call, 0), input<float>(call, 1));
}

const Register<ReluGradient> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
