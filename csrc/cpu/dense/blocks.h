// How dense cuts its work, by shape alone; the depth's blocks decide the order of summation.  Plain data.
#pragma once
#include <cstdint>

namespace fastconv {

constexpr int64_t dense_depth = 256;   // of one partial sum: from zero, ascending
constexpr int64_t dense_rows = 64;     // of one task
constexpr int64_t dense_sums = 16384;  // of one task, rows times columns: 64 KiB
constexpr int64_t dense_chunk = 32;    // rows of w that stay in L1 while all rows of x pass: 32 KiB

struct DenseShape {
  int64_t m, k, n;
  // Few rows leave place for many columns, and w is read in long runs.
  constexpr int64_t columns() const {
    const int64_t most = m <= 8 ? 2048 : m <= 32 ? 512 : 256, whole_tiles = (n + 63) / 64 * 64;
    return most < whole_tiles ? most : whole_tiles;
  }
  constexpr int64_t row_blocks() const { return (m + dense_rows - 1) / dense_rows; }
  constexpr int64_t column_blocks() const { return (n + columns() - 1) / columns(); }
  constexpr int64_t depth_blocks() const { return (k + dense_depth - 1) / dense_depth; }
  // The depth's blocks become tasks too, and their sums go through the workspace, where there would be few tasks
  // otherwise, or where these sums are small beside w.
  constexpr bool split() const {
    return row_blocks() == 1 && depth_blocks() > 1 && (m <= 32 || column_blocks() < 16);
  }
  constexpr int64_t partial_floats() const { return depth_blocks() * column_blocks() * m * columns(); }
};

}  // namespace fastconv
