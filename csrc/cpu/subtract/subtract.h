#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/subtract.h"

namespace fastconv {
FASTCONV_WIDE(void, subtract_rows, (const Subtract&, const Call&))
}
