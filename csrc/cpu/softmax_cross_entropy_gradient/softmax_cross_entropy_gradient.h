#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/softmax_cross_entropy_gradient.h"

namespace fastconv {
FASTCONV_WIDE(void, softmax_cross_entropy_gradient_rows, (const SoftmaxCrossEntropyGradient&, const Call&))
}
