#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/sqrt.h"

namespace fastconv {
FASTCONV_WIDE(void, sqrt_blocks, (const Sqrt&, const Call&))
}
