#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/softmax.h"

namespace fastconv {
FASTCONV_WIDE(void, softmax_rows, (const Softmax&, const Call&))
}  // namespace fastconv
