#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/categorical_cross_entropy_gradient.h"

namespace fastconv {
FASTCONV_WIDE(void, categorical_cross_entropy_gradient_rows,
              (const CategoricalCrossEntropyGradient&, const Call&))
}
