// tanh: y = (e^2x - 1) / (e^2x + 1).
#include "cpu/tanh/tanh.h"

#include <cmath>

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

void reference(const Tanh&, const Call& call) {
  each_element(call, [](double x) { return std::tanh(x); });
}

const Register<Tanh> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(tanh_blocks),
      batch_invariant | in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
