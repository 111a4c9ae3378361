// adam_update: (param p, grad g, m, v, lr (), step t () int64, counted from 1) -> (p', m', v')
//   p is first shrunk by weight_decay lr p.  m' = m + (1 - beta_1) (g - m),  v' = v + (1 - beta_2) (g^2 - v)
//   p' = p - alpha m' / (sqrt(v') + epsilon),  alpha = lr sqrt(1 - beta_2^t) / (1 - beta_1^t)
//   Output j is written over the input of the same meaning where the row says in_place.
#pragma once
#include "primitives/attributes.h"

namespace fastconv {

struct AdamUpdate {
  static constexpr const char* stem = "adam_update";
  double beta_1;
  double beta_2;
  double epsilon;
  double weight_decay;
  template <class Visitor>
  void fields(Visitor& visit) {
    visit("beta_1", beta_1);
    visit("beta_2", beta_2);
    visit("epsilon", epsilon);
    visit("weight_decay", weight_decay);
  }
};

struct AdamStep {                              // as numbers of one step
  float alpha, rest_1, rest_2, epsilon, kept;  // rest = 1 - beta, kept = 1 - weight_decay lr
};

}  // namespace fastconv
