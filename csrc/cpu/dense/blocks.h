// How dense cuts its work, by shape alone; the depth's blocks decide the order of summation.  Plain data.
#pragma once
#include <cstdint>

namespace fastconv {

constexpr int64_t dense_depth = 256;    // of one partial sum: from zero, ascending
constexpr int64_t dense_columns = 256;  // of one task
constexpr int64_t dense_rows = 64;      // of one task
constexpr int64_t dense_chunk = 32;     // rows of w that stay in L1 while all rows of x pass: 32 KiB

struct DenseShape {
  int64_t m, k, n;
  constexpr int64_t row_blocks() const { return (m + dense_rows - 1) / dense_rows; }
  constexpr int64_t column_blocks() const { return (n + dense_columns - 1) / dense_columns; }
  constexpr int64_t depth_blocks() const { return (k + dense_depth - 1) / dense_depth; }
  // Few tasks otherwise: the depth's blocks become tasks too, their sums go through the workspace.
  constexpr bool split() const { return row_blocks() == 1 && column_blocks() < 16 && depth_blocks() > 1; }
  constexpr int64_t partial_floats() const { return depth_blocks() * column_blocks() * m * dense_columns; }
};

}  // namespace fastconv
