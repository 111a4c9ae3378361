// Augmentation of a batch on a CUDA device: what csrc/image/augment.h does to one picture on the CPU, from the same
// transforms; the results differ by rounding alone.
#pragma once
#include <vector>

#include "image/augment.h"
#include "plan/device.h"

namespace fastconv::image {

// pictures: of one shape and dtype, in the host's memory; out: (n, h, w, c) in the memory of `device`, written by
// work in the device's order of execution.
void augment_batch(Device& device, const std::vector<Picture>& pictures,
                   const std::vector<Transform>& transforms, const Sampling& sampling,
                   const Normalisation& normalisation, float* out);

}  // namespace fastconv::image
