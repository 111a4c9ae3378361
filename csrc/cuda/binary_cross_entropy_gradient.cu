// binary_cross_entropy_gradient: dp = ((1 - t) / (1 - p) - t / p) dloss; 0 where the loss is clipped.
#include "primitives/binary_cross_entropy_gradient.h"

#include "cuda/elementwise.cuh"
#include "cuda/probabilities.cuh"

namespace fastconv {
namespace {

struct Slope {
  __device__ float operator()(float p, float t, float dloss) const {
    return within(p) ? ((1.0f - t) / (1.0f - p) - t / p) * dloss : 0.0f;
  }
};

void elements(const BinaryCrossEntropyGradient&, const Call& call) {
  map(call, Slope{}, output<float>(call, 0), input<float>(call, 0), input<float>(call, 1),
      input<float>(call, 2));
}

const Register<BinaryCrossEntropyGradient> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
