// Attributes of a primitive are a plain struct whose `fields(visitor)` names each field once; reading them from
// Python, printing, equality and hashing all come from that list.
//
//   struct MaxPool2d {
//     static constexpr const char* stem = "max_pool2d";
//     int64_t window_h, window_w;
//     template <class Visitor> void fields(Visitor& visit) { visit("window_h", window_h); ... }
//   };
// Field types: int64_t, double, bool, Activation, Relation, DType, Dims.  Plain data only: wide units include
// this header.
#pragma once
#include <cstdint>

#include "core/tensor.h"

namespace fastconv {

enum class Activation : int32_t { none = 0, relu, sigmoid };  // by name in Python: "none", "relu", "sigmoid"
enum class Relation : int32_t {
  equal = 0,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal
};  // by name, too

struct Dims {  // a short list of whole numbers: axes, sizes
  int32_t count;
  int64_t values[6];
};

}  // namespace fastconv
