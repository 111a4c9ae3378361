#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/tanh_gradient.h"

namespace fastconv {
FASTCONV_WIDE(void, tanh_gradient_blocks, (const TanhGradient&, const Call&))
}
