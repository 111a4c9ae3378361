// Separable resampling with given weights: uint8 or float (h, w, c) in, float32 (p, q, c) out.
#pragma once
#include <cstdint>

#include "image/augment.h"

namespace fastconv::image {

// One axis: output k is the weighted sum of `width` inputs from starts[k] on; weights (outputs, width).
struct Taps {
  int64_t outputs, width;
  const int64_t* starts;
  const float* weights;
};

void resize_picture(const Picture& picture, const Taps& rows, const Taps& columns, float* out);

}  // namespace fastconv::image
