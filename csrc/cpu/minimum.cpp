// minimum: smaller of a and b, with NumPy's broadcasting.  NaN in either gives NaN.
#include "cpu/minimum/minimum.h"

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

void reference(const Minimum&, const Call& call) {
  arithmetic(call, [](auto a, auto b) { return (a < b) | (a != a) ? a : b; });
}

const Register<Minimum> on_cpu{
    "cpu",
    {{"rows", all_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(minimum_rows),
      batch_invariant | in_place | wide},
     {"reference", one_number_type, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
