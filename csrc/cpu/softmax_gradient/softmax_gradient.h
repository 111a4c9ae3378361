#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/softmax.h"

namespace fastconv {
FASTCONV_WIDE(void, softmax_gradient_rows, (const SoftmaxGradient&, const Call&))
}  // namespace fastconv
