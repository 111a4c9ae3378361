#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/sigmoid.h"

namespace fastconv {
FASTCONV_WIDE(void, sigmoid_blocks, (const Sigmoid&, const Call&))
}
