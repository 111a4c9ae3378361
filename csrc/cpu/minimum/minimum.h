#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/minimum.h"

namespace fastconv {
FASTCONV_WIDE(void, minimum_rows, (const Minimum&, const Call&))
}
