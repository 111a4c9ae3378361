#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/binary_cross_entropy.h"

namespace fastconv {
FASTCONV_WIDE(void, binary_cross_entropy_blocks, (const BinaryCrossEntropy&, const Call&))
}
