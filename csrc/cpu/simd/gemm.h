// Micro-kernels of the matrix products under convolution and dense layers.  Operands lie in panels of 16
// floats, one cache line, so that packing copies whole lines and no power-of-two stride lies between rows:
//
//   multiply_rows    C[i][j] = sum_e A(i, e) * B(e, j)     A(i, e) = a[e/16*chunk_stride + i*row_stride +
//   e%16]
//                                                          B(e, j) = b[j/16*panel_stride + e*16 + j%16]
//   multiply_outer   C[i][j] = sum_p A[p][i] * B[p][j]     both in panels [channel/16][p][16]
//
//        2 vectors of columns          AVX2 (and 128 bits): 6 rows x 2 = 12 accumulators, 2 of B and 1
//        broadcast
//       +---------+---------+          make 15 of 16 registers; a seventh row would spill.  AVX-512: 12 rows
//       x 2
//  rows | acc[i][0]|acc[i][1]|         = 24, and 3 more of 32.  One vector of columns would need a load an
//  FMA.
//       +---------+---------+
//
// Order of summation: e (or p) ascending from zero within a call; what C held before is added last (blocked
// summation: the error grows with the block, not with the whole depth), then bias, then residual.  How many
// rows share a tile changes no element's order.
#pragma once
#include "cpu/simd/math.h"
#include "cpu/simd/partial.h"
#include "cpu/simd/vector.h"
#include "primitives/attributes.h"

namespace fastconv {
namespace FASTCONV_SIMD {

constexpr int panel = 16;
constexpr int tile_rows = vector_floats == 16 ? 12 : 6;
constexpr int tile_columns = 2 * vector_floats;

struct RowsOperand {
  const float* data;
  int64_t row_stride, chunk_stride;
};
struct PanelsOperand {
  const float* data;
  int64_t panel_stride;
};
// Columns beyond `columns` are computed and not written.
struct Target {
  float* data;
  int64_t row_stride, panel_stride, columns;
};
struct Epilogue {
  bool accumulate = false;          // add what the target holds
  const float* bias = nullptr;      // by column
  const float* residual = nullptr;  // laid out like the target
  bool relu = false;
  bool stream = false;  // past the caches: whole, aligned lines only
};

// Address of column j of a row of panels.
FASTCONV_INLINE int64_t column_offset(int64_t j, int64_t panel_stride) {
  return j / panel * panel_stride + j % panel;
}

template <int rows, int vectors>
struct Tile {
  Vec acc[rows][vectors];

  FASTCONV_INLINE void clear() {
    for (int i = 0; i < rows; ++i)
      for (int v = 0; v < vectors; ++v) acc[i][v] = Vec{};
  }

  // One step of depth: `a(i)` is the address of row i's element.
  template <class Address>
  FASTCONV_INLINE void step(const Address& a, const float* const (&b)[vectors], int64_t offset) {
    Vec columns[vectors];
    for (int v = 0; v < vectors; ++v) {
      columns[v] = load(b[v] + offset);
      FASTCONV_PIN(columns[v]);
    }
    for (int i = 0; i < rows; ++i) {
      Vec row = broadcast(*a(i));
      if (vectors > 1 && vector_floats == 16) FASTCONV_PIN(row);
      for (int v = 0; v < vectors; ++v) acc[i][v] += row * columns[v];
    }
  }

  // c[v]: the address of vector v in row 0; left[v]: how many of its columns exist.
  FASTCONV_INLINE void finish(float* const (&c)[vectors], const int64_t (&left)[vectors], int64_t row_stride,
                              const int64_t (&column)[vectors], const Epilogue& e) {
    for (int v = 0; v < vectors; ++v) {
      const bool whole = left[v] >= vector_floats;
      if (whole)
        finish_vector<true>(c[v], left[v], row_stride, column[v], v, e);
      else if (left[v] > 0)
        finish_vector<false>(c[v], left[v], row_stride, column[v], v, e);
    }
  }

 private:
  template <bool whole>
  FASTCONV_INLINE void finish_vector(float* c, int64_t left, int64_t row_stride, int64_t column, int v,
                                     const Epilogue& e) {
    const auto get = [&](const float* p) { return whole ? load(p) : load_partial(p, left); };
    if (e.accumulate)
      for (int i = 0; i < rows; ++i) acc[i][v] += get(c + i * row_stride);
    if (e.bias) {
      const Vec bias = get(e.bias + column);
      for (int i = 0; i < rows; ++i) acc[i][v] += bias;
    }
    if (e.residual)
      for (int i = 0; i < rows; ++i) acc[i][v] += get(e.residual + i * row_stride + column);
    if (e.relu)
      for (int i = 0; i < rows; ++i) acc[i][v] = max_keep_nan(acc[i][v], Vec{});
    for (int i = 0; i < rows; ++i) {
      float* const target = c + i * row_stride;
      if (!whole)
        store_partial(target, acc[i][v], left);
      else if (e.stream)
        stream(target, acc[i][v]);
      else
        store(target, acc[i][v]);
    }
  }
};

// `rows` rows x `vectors` vectors of columns from column j on.  packed: row_stride is 16, known here, so that
// one pointer and constants address all rows; else one pointer every three rows ([p], [p+s], [p+2s]).
template <int rows, int vectors, bool packed>
__attribute__((noinline)) void rows_tile(int64_t depth, const RowsOperand& a, const PanelsOperand& b,
                                         const Target& c, int64_t j, const Epilogue& e) {
  constexpr int bases = (rows + 2) / 3;
  const int64_t row_stride = packed ? panel : a.row_stride;
  const float* base[bases];
  for (int i = 0; i < bases; ++i) {
    base[i] = a.data + 3 * i * row_stride;
    if (!packed) asm("" : "+r"(base[i]));
  }
  const float* columns[vectors];
  float* target[vectors];
  int64_t left[vectors], column[vectors];
  for (int v = 0; v < vectors; ++v) {
    column[v] = j + v * vector_floats;
    columns[v] = b.data + column_offset(column[v], b.panel_stride);
    target[v] = c.data + column_offset(column[v], c.panel_stride);
    left[v] = c.columns - column[v];
  }
  Tile<rows, vectors> tile;
  tile.clear();
  for (int64_t chunk = 0; chunk < depth / panel; ++chunk) {
    // Chunks hop, which the hardware's prefetcher does not follow: fetch the rows below now.
    for (int i = 0; i < rows; ++i) __builtin_prefetch(base[i / 3] + (i % 3 + rows) * row_stride, 0, 3);
    FASTCONV_UNROLL(16)
    for (int k = 0; k < panel; ++k)
      tile.step([&](int i) { return base[i / 3] + (i % 3) * row_stride + k; }, columns, k * panel);
    for (int i = 0; i < bases; ++i) base[i] += a.chunk_stride;
    for (int v = 0; v < vectors; ++v) columns[v] += panel * panel;
  }
  for (int k = 0; k < depth % panel; ++k)
    tile.step([&](int i) { return base[i / 3] + (i % 3) * row_stride + k; }, columns, k * panel);
  tile.finish(target, left, c.row_stride, column, e);
}

// The tile of `rows` <= largest rows.
template <int largest, int vectors, bool packed>
FASTCONV_INLINE void rows_tile_of(int64_t rows, int64_t depth, const RowsOperand& a, const PanelsOperand& b,
                                  const Target& c, int64_t j, const Epilogue& e) {
  if constexpr (largest > 1) {
    if (rows < largest) return rows_tile_of<largest - 1, vectors, packed>(rows, depth, a, b, c, j, e);
  }
  rows_tile<largest, vectors, packed>(depth, a, b, c, j, e);
}

// Halves rather than a whole tile and a thin rest: few accumulators wait for one another.
FASTCONV_INLINE int64_t rows_of_next_tile(int64_t rows) {
  if (rows >= 2 * tile_rows || rows == tile_rows) return tile_rows;
  return rows > tile_rows ? (rows + 1) / 2 : rows;
}

template <int vectors, bool packed>
FASTCONV_INLINE void rows_column(int64_t rows, int64_t depth, RowsOperand a, const PanelsOperand& b, Target c,
                                 int64_t j, Epilogue e) {
  while (rows > 0) {
    const int64_t now = rows_of_next_tile(rows);
    rows_tile_of<tile_rows, vectors, packed>(now, depth, a, b, c, j, e);
    rows -= now;
    a.data += now * (packed ? panel : a.row_stride);
    c.data += now * c.row_stride;
    if (e.residual) e.residual += now * c.row_stride;
  }
}

// Sigmoid is no part of the tiles, which it would double in size: a pass over rows that a task has just finished.
inline void sigmoid_rows(float* data, int64_t rows, int64_t row_stride, int64_t columns) {
  for (int64_t i = 0; i < rows; ++i, data += row_stride)
    for (int64_t j = 0; j < columns; j += vector_floats)
      store_up_to(data + j, sigmoid(load_up_to(data + j, columns - j)), columns - j);
}

// rows x depth times depth x columns.  packed: a.row_stride is 16.
template <bool packed>
FASTCONV_INLINE void multiply_rows(int64_t rows, int64_t depth, const RowsOperand& a, const PanelsOperand& b,
                                   const Target& c, const Epilogue& e) {
  const int64_t padded = (c.columns + panel - 1) / panel * panel;
  int64_t j = 0;
  for (; j + tile_columns <= padded; j += tile_columns) rows_column<2, packed>(rows, depth, a, b, c, j, e);
  if (j < padded) rows_column<1, packed>(rows, depth, a, b, c, j, e);
}

// The columns of B that come next lie beyond L1, and their panel is a hop away, which the hardware does not foresee: the
// tiles of 48 rows fetch them, each its share.
constexpr int outer_tiles = 48 / tile_rows;
constexpr int next_panels = tile_columns > panel ? tile_columns / panel : 1;
constexpr int fetched_lines = 8 * next_panels / outer_tiles;  // while 8 of the depth are multiplied

FASTCONV_INLINE const float* next_columns(int tile, int64_t depth, const float* columns,
                                          int64_t panel_stride) {
  constexpr int tiles_a_panel = outer_tiles / next_panels;
  return columns + tile / tiles_a_panel * panel_stride +
         tile % tiles_a_panel * (depth / tiles_a_panel) * panel;
}

// Rows first .. first+rows-1 of a group of panels of A; they may straddle two panels, at a place known here.
template <int rows, int first, int vectors>
__attribute__((noinline)) void outer_tile(int64_t depth, const PanelsOperand& a, const PanelsOperand& b,
                                          float* c, int64_t c_panel_stride, int64_t j, bool accumulate,
                                          const float* fetch) {
  constexpr int split = panel - first % panel;  // rows that the first panel gives
  const float* near = a.data + first / panel * a.panel_stride + first % panel;
  const float* far = a.data + (first / panel + 1) * a.panel_stride;
  const float* columns[vectors];
  float* target[vectors];
  int64_t left[vectors], column[vectors];
  for (int v = 0; v < vectors; ++v) {
    column[v] = j + v * vector_floats;
    columns[v] = b.data + column_offset(column[v], b.panel_stride);
    target[v] = c + column_offset(column[v], c_panel_stride) + first * panel;
    left[v] = vector_floats;
  }
  Tile<rows, vectors> tile;
  tile.clear();
  int64_t p = 0;
  for (; p + 8 <= depth; p += 8) {
    for (int i = 0; i < fetched_lines; ++i) __builtin_prefetch(fetch + i * panel, 0, 3);
    fetch += fetched_lines * panel;
    FASTCONV_UNROLL(8)
    for (int k = 0; k < 8; ++k)
      tile.step([&](int i) { return (i < split ? near + i : far + (i - split)) + k * panel; }, columns,
                k * panel);
    near += 8 * panel, far += 8 * panel;
    for (int v = 0; v < vectors; ++v) columns[v] += 8 * panel;
  }
  for (; p < depth; ++p) {
    tile.step([&](int i) { return i < split ? near + i : far + (i - split); }, columns, 0);
    near += panel, far += panel;
    for (int v = 0; v < vectors; ++v) columns[v] += panel;
  }
  Epilogue e;
  e.accumulate = accumulate;
  tile.finish(target, left, panel, column, e);
}

template <int vectors>
FASTCONV_INLINE void outer_column(int64_t row_panels, int64_t depth, PanelsOperand a, const PanelsOperand& b,
                                  float* c, int64_t c_panel_stride, int64_t j, bool accumulate) {
#define FASTCONV_OUTER(rows, first)                                                                    \
  outer_tile<rows, first, vectors>(                                                                    \
      depth, a, b, c, c_panel_stride, j, accumulate,                                                   \
      next_columns(first / tile_rows, depth, b.data + column_offset(j + tile_columns, b.panel_stride), \
                   b.panel_stride))
  for (; row_panels >= 3; row_panels -= 3, a.data += 3 * a.panel_stride, c += 3 * panel * panel) {  // 48 rows
    if constexpr (tile_rows == 12) {
      FASTCONV_OUTER(12, 0), FASTCONV_OUTER(12, 12), FASTCONV_OUTER(12, 24), FASTCONV_OUTER(12, 36);
    } else {
      FASTCONV_OUTER(6, 0), FASTCONV_OUTER(6, 6), FASTCONV_OUTER(6, 12), FASTCONV_OUTER(6, 18);
      FASTCONV_OUTER(6, 24), FASTCONV_OUTER(6, 30), FASTCONV_OUTER(6, 36), FASTCONV_OUTER(6, 42);
    }
  }
  for (; row_panels > 0; --row_panels, a.data += a.panel_stride, c += panel * panel) {
    if constexpr (tile_rows == 12)
      FASTCONV_OUTER(8, 0), FASTCONV_OUTER(8, 8);
    else
      FASTCONV_OUTER(6, 0), FASTCONV_OUTER(6, 6), FASTCONV_OUTER(4, 12);
  }
#undef FASTCONV_OUTER
}

// C panels [j/16][i][16], rows dense: 16*row_panels x 16*column_panels.
FASTCONV_INLINE void multiply_outer(int64_t row_panels, int64_t column_panels, int64_t depth,
                                    const PanelsOperand& a, const PanelsOperand& b, float* c,
                                    int64_t c_panel_stride, bool accumulate) {
  const int64_t columns = column_panels * panel;
  int64_t j = 0;
  for (; j + tile_columns <= columns; j += tile_columns)
    outer_column<2>(row_panels, depth, a, b, c, c_panel_stride, j, accumulate);
  if (j < columns) outer_column<1>(row_panels, depth, a, b, c, c_panel_stride, j, accumulate);
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
