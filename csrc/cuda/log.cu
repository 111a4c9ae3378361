// log: natural logarithm; -infinity at 0, NaN below.
#include "primitives/log.h"

#include "cuda/elementwise.cuh"

namespace fastconv {
namespace {

struct Logarithm {
  __device__ float operator()(float x) const { return logf(x); }
};

void elements(const Log&, const Call& call) {
  map(call, Logarithm{}, output<float>(call, 0), input<float>(call, 0));
}

const Register<Log> on_cuda{
    "cuda", {{"elements", all_float32, no_workspace, bandwidth_cost, elements, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
