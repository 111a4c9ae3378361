// identity: y = x, any dtype.  Copies of 64 KiB are the tasks; the C library's copy is wide where it pays.
#include "primitives/identity.h"

#include <cstring>

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

constexpr size_t task_bytes = 65536;

Refusal same_spec(const Identity&, const Signature& step) {
  if (step.inputs[0].dtype != step.outputs[0].dtype ||
      byte_count(step.inputs[0]) != byte_count(step.outputs[0]))
    return std::string("input and output differ; a copy changes nothing");
  return std::nullopt;
}

void blocks(const Identity&, const Call& call) {
  const char* x = input<char>(call, 0);
  char* y = output<char>(call, 0);
  const size_t bytes = byte_count(call.outputs[0].desc);
  parallel(static_cast<int64_t>((bytes + task_bytes - 1) / task_bytes), [=](int64_t task, int) {
    const size_t begin = static_cast<size_t>(task) * task_bytes;
    std::memcpy(y + begin, x + begin, bytes - begin < task_bytes ? bytes - begin : task_bytes);
  });
}

void reference(const Identity&, const Call& call) {
  const char* x = input<char>(call, 0);
  char* y = output<char>(call, 0);
  const size_t bytes = byte_count(call.outputs[0].desc);
  for (size_t i = 0; i < bytes; ++i) y[i] = x[i];
}

const Register<Identity> on_cpu{
    "cpu",
    {{"blocks", same_spec, no_workspace, bandwidth_cost, blocks, batch_invariant},
     {"reference", same_spec, no_workspace, reference_cost, reference, batch_invariant}}};

}  // namespace
}  // namespace fastconv
