// dropout: (x, key) -> y = x / (1 - rate) where the element is kept, else 0; x itself when not training.
//   key: int64 (2) = seed, step.  path: a number for the place in the model, so that two like dropouts differ.
// Element e of sample n (axis 0) is kept when word e % 4 of Philox at the counter (n, e / 4, step), keyed by seed and
// path, has its upper 24 bits at or above rate * 2^24: the same mask for any tiling, on every device.
#pragma once
#include "core/philox.h"
#include "primitives/attributes.h"

namespace fastconv {

struct Dropout {
  static constexpr const char* stem = "dropout";
  double rate;
  int64_t path;
  bool training;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("rate", rate);
    visit("path", path);
    visit("training", training);
  }
};

// What one call draws from.
struct DropoutStream {
  uint32_t key_low, key_high, step;
  uint32_t threshold;  // kept from here on, of 2^24
  float scale;
};

namespace {

// Every bit of the result depends on every bit of the number (the last steps of splitmix64; Steele and others 2014).
FASTCONV_HOST_DEVICE inline uint64_t mixed(uint64_t number) {
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9u;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebu;
  return number ^ (number >> 31);
}

FASTCONV_HOST_DEVICE inline DropoutStream dropout_stream(const Dropout& dropout, const int64_t* key) {
  const uint64_t seed = static_cast<uint64_t>(key[0]), step = static_cast<uint64_t>(key[1]);
  const uint64_t place = mixed(mixed(seed + 0x9e3779b97f4a7c15u) ^ static_cast<uint64_t>(dropout.path));
  const uint64_t word = mixed(place ^ (step >> 32));
  const double limit = dropout.rate * 16777216.0;
  uint32_t threshold = static_cast<uint32_t>(limit);
  if (threshold < limit) ++threshold;
  const float scale = dropout.rate < 1.0 ? static_cast<float>(1.0 / (1.0 - dropout.rate)) : 0.0f;
  return {static_cast<uint32_t>(word), static_cast<uint32_t>(word >> 32), static_cast<uint32_t>(step),
          threshold, scale};
}

}  // namespace

}  // namespace fastconv
