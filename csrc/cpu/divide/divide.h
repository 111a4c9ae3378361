#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/divide.h"

namespace fastconv {
FASTCONV_WIDE(void, divide_rows, (const Divide&, const Call&))
}
