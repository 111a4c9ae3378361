// reduce_mean: the mean over some axes.
#include "primitives/reduce_mean.h"

#include "cuda/reduction/sums.cuh"

namespace fastconv {
namespace {

float divisor(const reduction::Shape& z) { return static_cast<float>(z.reduced); }

void chunks(const ReduceMean& a, const Call& call) {
  const reduction::Shape z(a.axes, call.inputs[0].desc);
  reduction::run_neighbours(z, divisor(z), call);
}

void gathered(const ReduceMean& a, const Call& call) {
  reduction::run_gathered(a.axes, divisor(reduction::Shape(a.axes, call.inputs[0].desc)), call);
}

const Register<ReduceMean> on_cuda{
    "cuda",
    {{"chunks", reduction::neighbours_only, reduction::chunk_sums, bandwidth_cost, chunks, batch_invariant},
     {"gathered", all_float32, no_workspace, reduction::gathered_cost, gathered, batch_invariant}}};

}  // namespace
}  // namespace fastconv
