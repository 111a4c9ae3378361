#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/multiply.h"

namespace fastconv {
FASTCONV_WIDE(void, multiply_rows, (const Multiply&, const Call&))
}
