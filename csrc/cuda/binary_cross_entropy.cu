// binary_cross_entropy: loss = -t log(p) - (1 - t) log(1 - p), p clipped.
#include "primitives/binary_cross_entropy.h"

#include "cuda/elementwise.cuh"
#include "cuda/probabilities.cuh"

namespace fastconv {
namespace {

struct Loss {
  __device__ float operator()(float probability, float t) const {
    const float p = clipped(probability);
    return -(t * logf(p) + (1.0f - t) * log1pf(-p));
  }
};

void elements(const BinaryCrossEntropy&, const Call& call) {
  map(call, Loss{}, output<float>(call, 0), input<float>(call, 0), input<float>(call, 1));
}

const Register<BinaryCrossEntropy> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
