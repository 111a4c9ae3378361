#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/relu.h"

namespace fastconv {
FASTCONV_WIDE(void, relu_blocks, (const Relu&, const Call&))
}
