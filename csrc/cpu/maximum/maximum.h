#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/maximum.h"

namespace fastconv {
FASTCONV_WIDE(void, maximum_rows, (const Maximum&, const Call&))
}
