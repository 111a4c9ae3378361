// reshape: the elements of x in their order, under another shape (-1: what is left; 0: as in x).
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct Reshape {
  static constexpr const char* stem = "reshape";
  Dims shape;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("shape", shape);
  }
};

}  // namespace fastconv
