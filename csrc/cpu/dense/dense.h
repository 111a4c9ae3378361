#pragma once
#include "core/tensor.h"
#include "cpu/dense/blocks.h"
#include "cpu/simd/dispatch.h"
#include "primitives/dense.h"

namespace fastconv {
FASTCONV_WIDE(void, dense_streams, (const Dense&, const Call&))
FASTCONV_WIDE(void, dense_dots, (const Dense&, const Call&))
}  // namespace fastconv
