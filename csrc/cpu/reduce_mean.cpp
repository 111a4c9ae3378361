// reduce_mean: the mean over some axes.
#include "cpu/reduce_mean/reduce_mean.h"

#include "cpu/reduction.h"

namespace fastconv {
namespace {

void chunks(const ReduceMean& a, const Call& call) {
  FASTCONV_PICK(reduce_mean_chunks)(reduced_axes(a.axes, call.inputs[0].desc), call);
}

void reference(const ReduceMean& a, const Call& call) {
  const double count = static_cast<double>(reduced_axes(a.axes, call.inputs[0].desc).reduced);
  float* y = static_cast<float*>(call.outputs[0].data);
  for (double sum : plain_sums(a.axes, call)) *y++ = static_cast<float>(sum / count);
}

const Register<ReduceMean> on_cpu{
    "cpu",
    {{"chunks", neighbours_only, chunk_sums, bandwidth_cost, chunks, batch_invariant | wide},
     {"reference", float32_only, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
