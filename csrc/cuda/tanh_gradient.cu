// tanh_gradient: (dy, y) -> dx = dy (1 - y^2), from the output y.
#include "primitives/tanh_gradient.h"

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

struct TangentSlope {
  __device__ float operator()(float dy, float y) const { return dy * ((1.0f - y) * (1.0f + y)); }
};

void elements(const TanhGradient&, const Call& call) {
  map(call, TangentSlope{}, output<float>(call, 0), input<float>(call, 0), input<float>(call, 1));
}

const Register<TanhGradient> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
