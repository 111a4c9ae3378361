// conv2d_pooled_filter_gradient: the row for CUDA.
#include "cuda/conv2d/plain.cuh"

namespace fastconv {
namespace {

void plain(const Conv2dPooledFilterGradient& a, const Call& call) {
  const ConvShape z = shape_of(a, call);
  plain_filter_gradient(z, input<float>(call, 0),
                        PooledGradient{input<float>(call, 1), input<uint8_t>(call, 2), z.p, z.q, z.k},
                        output<float>(call, 0), a.bias ? output<float>(call, 1) : nullptr, stream_of(call));
}

Refusal supports(const Conv2dPooledFilterGradient&, const Signature& step) {
  return refuse_other_than_pooled(step, 2);
}

const Register<Conv2dPooledFilterGradient> on_cuda{
    "cuda", {{"plain", supports, no_workspace, reference_cost, plain}}};

}  // namespace
}  // namespace fastconv
