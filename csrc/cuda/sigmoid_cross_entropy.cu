// sigmoid_cross_entropy: loss = max(x, 0) - x t + log(1 + exp(-|x|)); NaN stays NaN.
#include "primitives/sigmoid_cross_entropy.h"

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

struct Loss {
  __device__ float operator()(float x, float t) const {
    return (x < 0.0f ? 0.0f : x) - x * t + log1pf(expf(-fabsf(x)));
  }
};

void elements(const SigmoidCrossEntropy&, const Call& call) {
  map(call, Loss{}, output<float>(call, 0), input<float>(call, 0), input<float>(call, 1));
}

const Register<SigmoidCrossEntropy> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
