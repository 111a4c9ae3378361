// Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011): a counter and a key give four random words, the same on
// every device and for any tiling.  Plain functions over integers; device code includes this header too.
#pragma once
#include <cstdint>

#if defined(__CUDACC__)
#define FASTCONV_HOST_DEVICE __host__ __device__
#else
#define FASTCONV_HOST_DEVICE
#endif

namespace fastconv {
namespace {

struct Philox4 {
  uint32_t words[4];
};

// counter: (sample, element / 4 low, element / 4 high, stream); key: (seed and path hashed by the host).
FASTCONV_HOST_DEVICE inline Philox4 philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0,
                                           uint32_t k1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * c0, p1 = uint64_t{0xCD9E8D57u} * c2;
    const uint32_t next0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0, next1 = static_cast<uint32_t>(p1);
    const uint32_t next2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1, next3 = static_cast<uint32_t>(p0);
    c0 = next0, c1 = next1, c2 = next2, c3 = next3;
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

// [0, 1) with 24 bits.
FASTCONV_HOST_DEVICE inline float unit_float(uint32_t word) {
  return static_cast<float>(word >> 8) * (1.0f / 16777216.0f);
}

}  // namespace
}  // namespace fastconv
