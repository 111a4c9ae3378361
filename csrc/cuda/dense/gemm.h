// Dense layers as convolutions of pictures of one pixel: the matrix products of cuda/conv2d/passes.h take them as they
// are.
#pragma once
#include "cuda/conv2d/passes.h"
#include "primitives/dense.h"

namespace fastconv {
namespace {

// Splits of a sum are chosen for so many samples: one row of tiles.
constexpr int64_t nominal_samples = 128;

// x (m,k), w (k,n), y (m,n)
inline ConvShape one_pixel_shape(int64_t m, int64_t k, int64_t n) {
  const ConvGeometry geometry{1, 1, 1, 1, 0, 0, 0, 0, 1};
  return {geometry, m, 1, 1, k, 1, 1, n, 1, 1};
}
template <class Step>
ConvShape shape_of(const Dense&, const Step& step) {
  return one_pixel_shape(dims_of(step.inputs[0])[0], dims_of(step.inputs[1])[0], dims_of(step.inputs[1])[1]);
}
template <class Step>
ConvShape shape_of(const DenseInputGradient&, const Step& step) {
  return one_pixel_shape(dims_of(step.inputs[0])[0], dims_of(step.inputs[1])[0], dims_of(step.inputs[1])[1]);
}
template <class Step>
ConvShape shape_of(const DenseWeightGradient&, const Step& step) {
  return one_pixel_shape(dims_of(step.inputs[0])[0], dims_of(step.inputs[0])[1], dims_of(step.inputs[1])[1]);
}

}  // namespace
}  // namespace fastconv
