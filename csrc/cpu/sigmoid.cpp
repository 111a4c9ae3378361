// sigmoid: y = 1 / (1 + exp(-x)).
#include "cpu/sigmoid/sigmoid.h"

#include <cmath>

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

void reference(const Sigmoid&, const Call& call) {
  each_element(call, [](double x) { return 1.0 / (1.0 + std::exp(-x)); });
}

const Register<Sigmoid> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(sigmoid_blocks),
      batch_invariant | in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
