// Panels that the operands of a convolution are packed in.  Narrow code and wide units include this; the unnamed
// namespace gives every unit a copy of its own, so that the linker never keeps a wide one for all.
#pragma once
#include "primitives/conv2d_shape.h"

namespace fastconv {
namespace {

constexpr int64_t panel_floats = 16;  // operands are packed in panels this wide: one cache line
inline int64_t panels_of(int64_t channels) { return ceil_div(channels, panel_floats); }

// A stride between slabs that are walked side by side: an odd number of lines plus four, so that they do not
// share the sets of a cache.
inline int64_t slab_stride(int64_t floats) { return (ceil_div(floats, 16) | 1) * 16 + 64; }

}  // namespace
}  // namespace fastconv
