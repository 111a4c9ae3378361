// softmax over the last axis.
#include "cpu/softmax/softmax.h"

#include <algorithm>
#include <cmath>

#include "cpu/last_axis.h"

namespace fastconv {
namespace {

void reference(const Softmax&, const Call& call) {
  const int64_t k = last_axis(call.outputs[0].desc);
  const float* x = static_cast<const float*>(call.inputs[0].data);
  float* y = static_cast<float*>(call.outputs[0].data);
  for (float* const end = y + element_count(call.outputs[0].desc); y < end; x += k, y += k) {
    double largest = x[0], sum = 0.0;
    for (int64_t j = 0; j < k; ++j) largest = x[j] <= largest ? largest : x[j];
    for (int64_t j = 0; j < k; ++j) sum += std::exp(x[j] - largest);
    for (int64_t j = 0; j < k; ++j) y[j] = static_cast<float>(std::exp(x[j] - largest) / sum);
  }
}

const Register<Softmax> on_cpu{
    "cpu",
    {{"rows", float32_rows, no_workspace, row_cost, FASTCONV_PICK(softmax_rows),
      batch_invariant | in_place | wide},
     {"reference", float32_rows, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
