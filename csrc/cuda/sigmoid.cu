// sigmoid: y = 1 / (1 + exp(-x)); exp overflows to infinity below -88, which gives the right 0.
#include "primitives/sigmoid.h"

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

struct Logistic {
  __device__ float operator()(float x) const { return 1.0f / (1.0f + expf(-x)); }
};

void elements(const Sigmoid&, const Call& call) {
  map(call, Logistic{}, output<float>(call, 0), input<float>(call, 0));
}

const Register<Sigmoid> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
