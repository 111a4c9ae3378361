#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/dropout.h"

namespace fastconv {
FASTCONV_WIDE(void, dropout_samples, (const Dropout&, const Call&))
}
