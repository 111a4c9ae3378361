#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/log.h"

namespace fastconv {
FASTCONV_WIDE(void, log_blocks, (const Log&, const Call&))
}
