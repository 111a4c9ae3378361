// reshape: a copy, where the compiler could not make y a view of x.  Blocks of 64 KiB are the tasks.
#include "primitives/reshape.h"

#include <algorithm>
#include <cstring>

#include "core/parallel.h"
#include "core/shape.h"
#include "plan/registry.h"

namespace fastconv {
namespace {

constexpr size_t task_bytes = 65536;

void reference(const Reshape&, const Call& call) {
  const char* x = static_cast<const char*>(call.inputs[0].data);
  char* y = static_cast<char*>(call.outputs[0].data);
  const size_t bytes = byte_count(call.outputs[0].desc);
  parallel(static_cast<int64_t>((bytes + task_bytes - 1) / task_bytes), [=](int64_t task, int) {
    const size_t begin = static_cast<size_t>(task) * task_bytes;
    std::memcpy(y + begin, x + begin, std::min(task_bytes, bytes - begin));
  });
}

const Register<Reshape> on_cpu{"cpu",
                               {{"reference", always, no_workspace, no_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
