// Random numbers of the data pipeline.  They depend on (seed, epoch, index of the picture) alone: the number
// of workers, their order and what ran before do not matter.
#pragma once
#include <cstdint>

namespace fastconv::image {

constexpr int draws_per_picture = 16;

// out: draws_per_picture numbers in [0, 1), 24 bits each.
void draw_uniforms(uint64_t seed, uint32_t epoch, uint64_t index, double* out);

// out: a permutation of 0 .. count-1.
void draw_permutation(uint64_t seed, uint32_t epoch, int64_t count, int64_t* out);

}  // namespace fastconv::image
