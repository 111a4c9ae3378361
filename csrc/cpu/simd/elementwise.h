// Element-wise passes of the wide units: a tensor as one row of elements, cut into blocks of a fixed length.
#pragma once
#include "core/parallel.h"
#include "core/tensor.h"
#include "cpu/simd/vector.h"

namespace fastconv {
namespace FASTCONV_SIMD {

constexpr int64_t elementwise_block = 16384;  // elements a task: 64 KiB of floats, two of them fit an L2

FASTCONV_INLINE int64_t count_of(const TensorDesc& desc) {
  int64_t count = 1;
  for (int i = 0; i < desc.rank; ++i) count *= desc.dims[i];
  return count;
}

// body(begin, end) for every block of [0, count).
template <class Body>
FASTCONV_INLINE void elementwise(int64_t count, const Body& body) {
  parallel((count + elementwise_block - 1) / elementwise_block, [&](int64_t task, int) {
    const int64_t begin = task * elementwise_block;
    const int64_t end = begin + elementwise_block < count ? begin + elementwise_block : count;
    body(begin, end);
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
