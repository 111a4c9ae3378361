#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/cast.h"

namespace fastconv {
FASTCONV_WIDE(void, cast_to_float_blocks, (const Cast&, const Call&))
}
