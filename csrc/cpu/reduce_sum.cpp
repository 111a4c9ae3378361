// reduce_sum: the sum over some axes.
#include "cpu/reduce_sum/reduce_sum.h"

#include "cpu/reduction.h"

namespace fastconv {
namespace {

void chunks(const ReduceSum& a, const Call& call) {
  FASTCONV_PICK(reduce_sum_chunks)(reduced_axes(a.axes, call.inputs[0].desc), call);
}

void reference(const ReduceSum& a, const Call& call) {
  float* y = static_cast<float*>(call.outputs[0].data);
  for (double sum : plain_sums(a.axes, call)) *y++ = static_cast<float>(sum);
}

const Register<ReduceSum> on_cpu{
    "cpu",
    {{"chunks", neighbours_only, chunk_sums, bandwidth_cost, chunks, batch_invariant | wide},
     {"reference", float32_only, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
