// sgd_update: (param p, grad g, [velocity v,] lr ()) -> (p', [v'])
//   p is first shrunk by weight_decay lr p.  Without momentum: p' = p - lr g, and there is no velocity.
//   With momentum:  v' = momentum v - lr g,  p' = p + v',  or, nesterov, p' = p + momentum v' - lr g
#include "primitives/sgd_update.h"

#include "cuda/update.cuh"

namespace fastconv {
namespace {

struct Sgd {
  using Step = SgdStep;
  float momentum, weight_decay;
  bool nesterov;

  __device__ Step step(const float* lr, const int64_t*) const {
    return {*lr, momentum, __fmaf_rn(-weight_decay, *lr, 1.0f), nesterov};
  }
  __device__ void operator()(const Step& step, const float (&in)[2], float (&out)[1]) const {
    out[0] = __fmaf_rn(-in[1], step.lr, in[0] * step.kept);
  }
  __device__ void operator()(const Step& step, const float (&in)[3], float (&out)[2]) const {
    const float change = -in[1] * step.lr;
    out[1] = __fmaf_rn(in[2], step.momentum, change);
    out[0] = __fmaf_rn(in[0], step.kept, step.nesterov ? __fmaf_rn(out[1], step.momentum, change) : out[1]);
  }
};

void tensors(const SgdUpdate& attributes, const Call* calls, int count) {
  const Sgd sgd{static_cast<float>(attributes.momentum), static_cast<float>(attributes.weight_decay),
                attributes.nesterov};
  sgd.momentum == 0.0f ? update_all<2, 1>(sgd, calls, count) : update_all<3, 2>(sgd, calls, count);
}

void one(const SgdUpdate& attributes, const Call& call) { tensors(attributes, &call, 1); }

const Register<SgdUpdate> on_cuda{
    "cuda", {{"chunks", all_float32, no_workspace, bandwidth_cost, one, in_place, tensors}}};

}  // namespace
}  // namespace fastconv
