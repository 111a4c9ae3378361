// add: y = a + b, with NumPy's broadcasting.  Whole numbers wrap around.
#include "cpu/add/add.h"

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

void reference(const Add&, const Call& call) {
  arithmetic(call, [](auto a, auto b) { return wrapping(a) + wrapping(b); });
}

const Register<Add> on_cpu{
    "cpu",
    {{"rows", all_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(add_rows),
      batch_invariant | in_place | wide},
     {"reference", one_number_type, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
