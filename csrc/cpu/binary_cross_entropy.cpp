// binary_cross_entropy: (probabilities p, targets t) -> loss, element by element.
//   loss = -t log(p) - (1 - t) log(1 - p)
// Probabilities are clipped to [1e-7, 1 - 1e-7] first, as in Keras, so that no logarithm is infinite.
#include "cpu/binary_cross_entropy/binary_cross_entropy.h"

#include <cmath>

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

constexpr float low = 1e-7f, high = 1.0f - 1e-7f;

void reference(const BinaryCrossEntropy&, const Call& call) {
  const float* probabilities = input<float>(call, 0);
  const float* targets = input<float>(call, 1);
  float* out = output<float>(call, 0);
  const int64_t count = element_count(call.outputs[0].desc);
  for (int64_t i = 0; i < count; ++i) {
    const float clipped = probabilities[i] < low ? low : probabilities[i] > high ? high : probabilities[i];
    const double p = clipped, t = targets[i];
    out[i] = static_cast<float>(-(t * std::log(p) + (1 - t) * std::log1p(-p)));
  }
}

const Register<BinaryCrossEntropy> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(binary_cross_entropy_blocks),
      batch_invariant | in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
