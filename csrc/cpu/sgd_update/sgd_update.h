#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/sgd_update.h"

namespace fastconv {
FASTCONV_WIDE(void, sgd_update_blocks, (const SgdStep&, const Call&))
}
