#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/rmsprop_update.h"

namespace fastconv {
FASTCONV_WIDE(void, rmsprop_update_blocks, (const RmspropStep&, const Call&))
}
