// all_finite: any number of float32 tensors -> uint8 (): 1 if no element is infinite or NaN, else 0.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct AllFinite {
  static constexpr const char* stem = "all_finite";
  template <class Visitor>
  void fields(Visitor&) {}
};

}  // namespace fastconv
