// rmsprop_update: (param p, grad g, mean_square s, [buffer b,] [mean m,] lr ()) -> (p', s', [b',] [m'])
//   p is first shrunk by weight_decay lr p.  s' = rho s + (1 - rho) g^2;  centered: m' = rho m + (1 - rho) g, else no m
//   d = lr g / sqrt(s' - m'^2 + epsilon);  momentum > 0: b' = momentum b + d, p' = p - b';  else no b, p' = p - d
//   Output j is written over the input of the same meaning where the row says in_place.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct RmspropUpdate {
  static constexpr const char* stem = "rmsprop_update";
  double rho;
  double momentum;
  double epsilon;
  bool centered;
  double weight_decay;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("rho", rho);
    visit("momentum", momentum);
    visit("epsilon", epsilon);
    visit("centered", centered);
    visit("weight_decay", weight_decay);
  }
};

struct RmspropStep {                             // as numbers of one step
  float lr, rho, rest, momentum, epsilon, kept;  // rest = 1 - rho, kept = 1 - weight_decay lr
  bool centered;
};

}  // namespace fastconv
