// divide: y = a / b, with NumPy's broadcasting.  float32 only.
#include "cpu/divide/divide.h"

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

void reference(const Divide&, const Call& call) {
  arithmetic(call, [](auto a, auto b) { return a / b; });
}

const Register<Divide> on_cpu{
    "cpu",
    {{"rows", all_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(divide_rows),
      batch_invariant | in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
