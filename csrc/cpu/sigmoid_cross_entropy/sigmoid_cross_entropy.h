#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/sigmoid_cross_entropy.h"

namespace fastconv {
FASTCONV_WIDE(void, sigmoid_cross_entropy_blocks, (const SigmoidCrossEntropy&, const Call&))
}
