#pragma once
#include "core/tensor.h"
#include "cpu/reduce_shape.h"
#include "cpu/simd/dispatch.h"
#include "primitives/reduce_mean.h"

namespace fastconv {
FASTCONV_WIDE(void, reduce_mean_chunks, (const ReduceShape&, const Call&))
}  // namespace fastconv
