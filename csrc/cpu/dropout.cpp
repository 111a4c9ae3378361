// dropout: y = x / (1 - rate) where kept, else 0; the mask follows from the key alone.
#include "cpu/dropout/dropout.h"

#include <cstring>

#include "cpu/elementwise_rows.h"

namespace fastconv {
namespace {

Refusal float32_and_key(const Dropout&, const Signature& step) {
  if (step.inputs[0].rank == 0) return std::string("input without axes; the first axis counts the samples");
  if (step.inputs[1].dtype != DType::int64 || element_count(step.inputs[1]) != 2)
    return std::string("key is no int64 (2)");
  if (Refusal refusal = needs_float32(step.inputs, 1, "input")) return refusal;
  return needs_float32(step.outputs, 1, "output");
}

void reference(const Dropout& attributes, const Call& call) {
  const float* x = input<float>(call, 0);
  float* y = output<float>(call, 0);
  const int64_t count = element_count(call.inputs[0].desc), samples = call.inputs[0].desc.dims[0];
  const int64_t size = samples ? count / samples : 0;
  const DropoutStream stream = dropout_stream(attributes, input<int64_t>(call, 1));
  for (int64_t i = 0; i < count; ++i) {
    const int64_t n = i / size, element = i % size;
    const uint64_t quad = static_cast<uint64_t>(element) / 4;
    const Philox4 four =
        philox(static_cast<uint32_t>(n), static_cast<uint32_t>(quad), static_cast<uint32_t>(quad >> 32),
               stream.step, stream.key_low, stream.key_high);
    y[i] = four.words[element % 4] >> 8 >= stream.threshold ? x[i] * stream.scale : 0.0f;
  }
}

// When not training, x goes through unchanged.
template <void run(const Dropout&, const Call&)>
void in_training(const Dropout& attributes, const Call& call) {
  if (attributes.training) return run(attributes, call);
  if (call.outputs[0].data != call.inputs[0].data && byte_count(call.inputs[0].desc) > 0)
    std::memcpy(call.outputs[0].data, call.inputs[0].data, byte_count(call.inputs[0].desc));
}

void samples(const Dropout& attributes, const Call& call) {
  static void (*const run)(const Dropout&, const Call&) = FASTCONV_PICK(dropout_samples);
  run(attributes, call);
}

const Register<Dropout> on_cpu{
    "cpu",
    {{"samples", float32_and_key, no_workspace, bandwidth_cost, in_training<samples>, in_place | wide},
     {"reference", float32_and_key, no_workspace, reference_cost, in_training<reference>, in_place}}};

}  // namespace
}  // namespace fastconv
