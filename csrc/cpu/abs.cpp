// abs: y = |x|.
#include "cpu/abs/abs.h"

#include <cmath>

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

void reference(const Abs&, const Call& call) {
  each_element(call, [](double x) { return std::fabs(x); });
}

const Register<Abs> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(abs_blocks),
      batch_invariant | in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
