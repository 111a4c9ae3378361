#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/dense.h"

namespace fastconv {
FASTCONV_WIDE(void, dense_input_gradient_dots, (const DenseInputGradient&, const Call&))
}  // namespace fastconv
