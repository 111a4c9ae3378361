// sqrt: square root; NaN below 0.
#include "cpu/sqrt/sqrt.h"

#include <cmath>

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

void reference(const Sqrt&, const Call& call) {
  each_element(call, [](double x) { return std::sqrt(x); });
}

const Register<Sqrt> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(sqrt_blocks),
      batch_invariant | in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
