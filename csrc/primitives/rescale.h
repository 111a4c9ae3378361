// rescale: y = x scale + offset; x is float32, uint8, int32 or int64, y float32.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Rescale {
  static constexpr const char* stem = "rescale";
  double scale;
  double offset;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("scale", scale);
    visit("offset", offset);
  }
};

}  // namespace fastconv
