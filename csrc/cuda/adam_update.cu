// adam_update: (param p, grad g, m, v, lr (), step t () int64, counted from 1) -> (p', m', v')
//   p is first shrunk by weight_decay lr p.  m' = m + (1 - beta_1) (g - m),  v' = v + (1 - beta_2) (g^2 - v)
//   p' = p - alpha m' / (sqrt(v') + epsilon),  alpha = lr sqrt(1 - beta_2^t) / (1 - beta_1^t)
#include "primitives/adam_update.h"

#include "cuda/update.cuh"

namespace fastconv {
namespace {

// base^exponent by repeated squaring: a few roundings of double precision, and a fraction of pow's instructions.
__device__ double power(double base, int64_t exponent) {
  double result = 1.0;
  for (uint64_t left = static_cast<uint64_t>(exponent); left; left >>= 1, base *= base)
    if (left & 1) result *= base;
  return result;
}

struct Adam {
  using Step = AdamStep;
  AdamUpdate attributes;

  __device__ Step step(const float* lr, const int64_t* t) const {
    const double alpha = static_cast<double>(*lr) * sqrt(1.0 - power(attributes.beta_2, *t)) /
                         (1.0 - power(attributes.beta_1, *t));
    return {static_cast<float>(alpha), static_cast<float>(1.0 - attributes.beta_1),
            static_cast<float>(1.0 - attributes.beta_2), static_cast<float>(attributes.epsilon),
            static_cast<float>(1.0 - attributes.weight_decay * static_cast<double>(*lr))};
  }
  __device__ void operator()(const Step& step, const float (&in)[4], float (&out)[3]) const {
    const float g = in[1];
    out[1] = __fmaf_rn(g - in[2], step.rest_1, in[2]);
    out[2] = __fmaf_rn(__fmaf_rn(g, g, -in[3]), step.rest_2, in[3]);
    out[0] = __fmaf_rn(in[0], step.kept, -(out[1] * step.alpha / (sqrtf(out[2]) + step.epsilon)));
  }
};

void tensors(const AdamUpdate& attributes, const Call* calls, int count) {
  update_all<4, 3>(Adam{attributes}, calls, count);
}

void one(const AdamUpdate& attributes, const Call& call) { tensors(attributes, &call, 1); }

Refusal float32_and_step(const AdamUpdate&, const Signature& step) {
  if (step.inputs[5].dtype != DType::int64) return std::string("step is no int64");
  if (Refusal refusal = needs_float32(step.inputs, 5, "input")) return refusal;
  if (Refusal refusal = needs_float32(step.outputs, 3, "output")) return refusal;
  return needs_31_bits(step);
}

const Register<AdamUpdate> on_cuda{
    "cuda", {{"chunks", float32_and_step, no_workspace, bandwidth_cost, one, in_place, tensors}}};

}  // namespace
}  // namespace fastconv
