#pragma once
#include "core/tensor.h"
#include "cpu/simd/dispatch.h"
#include "primitives/max_pool2d.h"

namespace fastconv {

// dx of this many bytes or more is written past the caches: it would not be found there anyway.
constexpr int64_t pool_stream_bytes = 16 << 20;

FASTCONV_WIDE(void, max_pool2d_gradient_select, (const MaxPool2dGradient&, const Call&))
FASTCONV_WIDE(void, max_pool2d_gradient_gather, (const MaxPool2dGradient&, const Call&))
}  // namespace fastconv
