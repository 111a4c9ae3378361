#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/tanh.h"

namespace fastconv {
FASTCONV_WIDE(void, tanh_blocks, (const Tanh&, const Call&))
}
