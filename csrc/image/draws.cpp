#include "image/draws.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/philox.h"

namespace fastconv::image {
namespace {

// Streams keep the numbers of the order apart from those of the pictures.
constexpr uint32_t transform_stream = 0x10000u, order_stream = 0x20000u;

Philox4 four_words(uint64_t seed, uint32_t epoch, uint64_t index, uint32_t stream) {
  return philox(static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), epoch, stream,
                static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32));
}

}  // namespace

void draw_uniforms(uint64_t seed, uint32_t epoch, uint64_t index, double* out) {
  for (uint32_t four = 0; four < draws_per_picture / 4; ++four) {
    const Philox4 drawn = four_words(seed, epoch, index, transform_stream + four);
    for (uint32_t k = 0; k < 4; ++k) out[four * 4 + k] = unit_float(drawn.words[k]);
  }
}

void draw_permutation(uint64_t seed, uint32_t epoch, int64_t count, int64_t* out) {
  // Each index draws a 64-bit number; their order is the permutation.  Equal numbers keep the indices' order.
  std::vector<uint64_t> keys(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const Philox4 drawn = four_words(seed, epoch, static_cast<uint64_t>(i), order_stream);
    keys[i] = uint64_t{drawn.words[0]} << 32 | drawn.words[1];
  }
  std::iota(out, out + count, int64_t{0});
  std::stable_sort(out, out + count, [&](int64_t a, int64_t b) { return keys[a] < keys[b]; });
}

}  // namespace fastconv::image
