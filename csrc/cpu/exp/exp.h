#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/exp.h"

namespace fastconv {
FASTCONV_WIDE(void, exp_blocks, (const Exp&, const Call&))
}
