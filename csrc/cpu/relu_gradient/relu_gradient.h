#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/relu_gradient.h"

namespace fastconv {
FASTCONV_WIDE(void, relu_gradient_blocks, (const ReluGradient&, const Call&))
}
