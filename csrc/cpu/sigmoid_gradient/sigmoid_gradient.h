#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/sigmoid_gradient.h"

namespace fastconv {
FASTCONV_WIDE(void, sigmoid_gradient_blocks, (const SigmoidGradient&, const Call&))
}
