// square: y = x^2.
#include "cpu/square/square.h"

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

void reference(const Square&, const Call& call) {
  each_element(call, [](double x) { return x * x; });
}

const Register<Square> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(square_blocks),
      batch_invariant | in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
