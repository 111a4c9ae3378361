#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/dense.h"

namespace fastconv {
FASTCONV_WIDE(void, dense_weight_gradient_outer, (const DenseWeightGradient&, const Call&))
}  // namespace fastconv
