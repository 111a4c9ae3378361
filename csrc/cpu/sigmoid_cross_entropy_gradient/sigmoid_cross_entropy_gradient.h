#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/sigmoid_cross_entropy_gradient.h"

namespace fastconv {
FASTCONV_WIDE(void, sigmoid_cross_entropy_gradient_blocks, (const SigmoidCrossEntropyGradient&, const Call&))
}
