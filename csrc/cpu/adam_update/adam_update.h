#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/adam_update.h"

namespace fastconv {
FASTCONV_WIDE(void, adam_update_blocks, (const AdamStep&, const Call&))
}
