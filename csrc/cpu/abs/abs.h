#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/abs.h"

namespace fastconv {
FASTCONV_WIDE(void, abs_blocks, (const Abs&, const Call&))
}
