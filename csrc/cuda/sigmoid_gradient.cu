// sigmoid_gradient: (dy, y) -> dx = dy y (1 - y), from the output y.
#include "primitives/sigmoid_gradient.h"

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

struct LogisticSlope {
  __device__ float operator()(float dy, float y) const { return dy * (y * (1.0f - y)); }
};

void elements(const SigmoidGradient&, const Call& call) {
  map(call, LogisticSlope{}, output<float>(call, 0), input<float>(call, 0), input<float>(call, 1));
}

const Register<SigmoidGradient> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
