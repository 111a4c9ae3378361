#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/compare.h"

namespace fastconv {
FASTCONV_WIDE(void, compare_rows, (const Compare&, const Call&))
}
