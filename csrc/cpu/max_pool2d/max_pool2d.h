#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/max_pool2d.h"

namespace fastconv {
FASTCONV_WIDE(void, max_pool2d_rows, (const MaxPool2d&, const Call&))
FASTCONV_WIDE(void, max_pool2d_quads, (const MaxPool2d&, const Call&))
}  // namespace fastconv
