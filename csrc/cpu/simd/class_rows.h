// Rows of k classes, one after the other: what the cross-entropies over classes share.  The last vector of a row is
// cut off; sums add the lanes of their vectors in a fixed order, so that a row's bits follow from the row alone.
#pragma once
#include "cpu/simd/elementwise.h"
#include "cpu/simd/lanes.h"
#include "cpu/simd/math.h"
#include "cpu/simd/partial.h"

namespace fastconv {
namespace FASTCONV_SIMD {

FASTCONV_INLINE VecInt lane_numbers() {
  VecInt lanes;
  for (int i = 0; i < vector_floats; ++i) lanes[i] = i;
  return lanes;
}

// Lanes from `count` on become `fill`.
FASTCONV_INLINE Vec cut(Vec v, int64_t count, float fill) {
  return lane_numbers() < static_cast<int32_t>(count) ? v : broadcast(fill);
}

// body(class, classes in the vector) for each vector of a row.
template <class Body>
FASTCONV_INLINE void each_vector(int64_t classes, const Body& body) {
  for (int64_t j = 0; j < classes; j += vector_floats)
    body(j, classes - j < vector_floats ? classes - j : vector_floats);
}

// Sum of term(class, classes in the vector) over a row.
template <class Term>
FASTCONV_INLINE float row_sum(int64_t classes, const Term& term) {
  Vec sum{};
  each_vector(classes, [&](int64_t j, int64_t count) { sum += cut(term(j, count), count, 0.0f); });
  return add_lanes(sum);
}

FASTCONV_INLINE float row_max(const float* x, int64_t classes) {
  Vec largest = broadcast(-infinity);
  each_vector(classes, [&](int64_t j, int64_t count) {
    largest = max_keep_nan(largest, cut(load_up_to(x + j, count), count, -infinity));
  });
  return max_of_lanes(largest);
}

FASTCONV_INLINE float scalar_log(float x) { return log(broadcast(x))[0]; }

// The class that label i names, or -1 where there is no such class.  A floating label is cut to a whole number.
FASTCONV_INLINE int64_t label_of(const Tensor& labels, int64_t i, int64_t classes) {
  if (labels.desc.dtype == DType::int64) {
    const int64_t label = static_cast<const int64_t*>(labels.data)[i];
    return label >= 0 && label < classes ? label : -1;
  }
  const float label = static_cast<const float*>(labels.data)[i];
  return label > -1.0f && label < static_cast<float>(classes) ? static_cast<int64_t>(label) : -1;
}

// body(row) for all rows, several to a task; the cut follows from the number of classes.
template <class Body>
FASTCONV_INLINE void class_rows(int64_t rows, int64_t classes, const Body& body) {
  const int64_t rows_a_task = 4096 / classes + 1;
  parallel((rows + rows_a_task - 1) / rows_a_task, [&body, rows, rows_a_task](int64_t task, int) {
    const int64_t past = (task + 1) * rows_a_task < rows ? (task + 1) * rows_a_task : rows;
    for (int64_t row = task * rows_a_task; row < past; ++row) body(row);
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
