#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/square.h"

namespace fastconv {
FASTCONV_WIDE(void, square_blocks, (const Square&, const Call&))
}
