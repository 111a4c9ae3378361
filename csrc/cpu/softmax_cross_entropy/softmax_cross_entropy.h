#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/softmax_cross_entropy.h"

namespace fastconv {
FASTCONV_WIDE(void, softmax_cross_entropy_rows, (const SoftmaxCrossEntropy&, const Call&))
}
