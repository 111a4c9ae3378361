#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/add.h"

namespace fastconv {
FASTCONV_WIDE(void, add_rows, (const Add&, const Call&))
}
