// sgd_update: (param p, grad g, [velocity v,] lr ()) -> (p', [v'])
//   p is first shrunk by weight_decay lr p.  Without momentum: p' = p - lr g, and there is no velocity.
//   With momentum:  v' = momentum v - lr g,  p' = p + v',  or, nesterov, p' = p + momentum v' - lr g
//   Output j is written over the input of the same meaning where the row says in_place.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct SgdUpdate {
  static constexpr const char* stem = "sgd_update";
  double momentum;
  bool nesterov;
  double weight_decay;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("momentum", momentum);
    visit("nesterov", nesterov);
    visit("weight_decay", weight_decay);
  }
};

struct SgdStep {             // as numbers of one step
  float lr, momentum, kept;  // kept = 1 - weight_decay lr
  bool nesterov;
};

}  // namespace fastconv
