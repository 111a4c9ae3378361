// exp: y = e^x.
#include "cpu/exp/exp.h"

#include <cmath>

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

void reference(const Exp&, const Call& call) {
  each_element(call, [](double x) { return std::exp(x); });
}

const Register<Exp> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(exp_blocks),
      batch_invariant | in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
