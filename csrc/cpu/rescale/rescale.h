#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/rescale.h"

namespace fastconv {
FASTCONV_WIDE(void, rescale_blocks, (const Rescale&, const Call&))
}
