// reduce_sum: the sum over some axes.
#include "primitives/reduce_sum.h"

#include "cuda/reduction/sums.cuh"

namespace fastconv {
namespace {

void chunks(const ReduceSum& a, const Call& call) {
  const reduction::Shape z(a.axes, call.inputs[0].desc);
  reduction::run_neighbours(z, 1.0f, call);
}

void gathered(const ReduceSum& a, const Call& call) { reduction::run_gathered(a.axes, 1.0f, call); }

const Register<ReduceSum> on_cuda{
    "cuda",
    {{"chunks", reduction::neighbours_only, reduction::chunk_sums, bandwidth_cost, chunks, batch_invariant},
     {"gathered", all_float32, no_workspace, reduction::gathered_cost, gathered, batch_invariant}}};

}  // namespace
}  // namespace fastconv
