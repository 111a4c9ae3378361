#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/categorical_cross_entropy.h"

namespace fastconv {
FASTCONV_WIDE(void, categorical_cross_entropy_rows, (const CategoricalCrossEntropy&, const Call&))
}
