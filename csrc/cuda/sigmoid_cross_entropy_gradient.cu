// sigmoid_cross_entropy_gradient: dx = (sigmoid(x) - t) dloss.
#include "primitives/sigmoid_cross_entropy_gradient.h"

#include "cuda/activation.cuh"
#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

struct Slope {
  __device__ float operator()(float x, float t, float dloss) const { return (sigmoid(x) - t) * dloss; }
};

void elements(const SigmoidCrossEntropyGradient&, const Call& call) {
  map(call, Slope{}, output<float>(call, 0), input<float>(call, 0), input<float>(call, 1),
      input<float>(call, 2));
}

const Register<SigmoidCrossEntropyGradient> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
