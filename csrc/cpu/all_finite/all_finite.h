#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/all_finite.h"

namespace fastconv {
FASTCONV_WIDE(void, all_finite_blocks, (const AllFinite&, const Call&))
}
