// log: natural logarithm; -infinity at 0, NaN below.
#include "cpu/log/log.h"

#include <cmath>

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

void reference(const Log&, const Call& call) {
  each_element(call, [](double x) { return std::log(x); });
}

const Register<Log> on_cpu{
    "cpu",
    {{"blocks", all_float32, no_workspace, bandwidth_cost, FASTCONV_PICK(log_blocks),
      batch_invariant | in_place | wide},
     {"reference", all_float32, no_workspace, reference_cost, reference, batch_invariant | in_place}}};

}  // namespace
}  // namespace fastconv
