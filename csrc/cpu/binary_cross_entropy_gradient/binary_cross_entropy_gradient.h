#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/binary_cross_entropy_gradient.h"

namespace fastconv {
FASTCONV_WIDE(void, binary_cross_entropy_gradient_blocks, (const BinaryCrossEntropyGradient&, const Call&))
}
