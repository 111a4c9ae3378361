// Matrix products whose left matrix is never stored but gathered from an image: what convolutions and dense layers
// ask of the kernels in this folder.  All sizes are below 2^31; channels of all groups lie side by side.
#pragma once
#include <vector>

#include "cuda/kernel.cuh"
#include "primitives/attributes.h"

namespace fastconv {

// Where something lies in A, or how far from something else: offset in elements, and row and column of its image side
// by side in 16 bits each.  It moves by additions; numbers wrap around on the way.
struct Position {
  uint32_t offset, place;
};
constexpr uint32_t place_of(int64_t row, int64_t column) {
  return static_cast<uint32_t>(row * 65536 + column);
}
constexpr Position operator+(const Position& a, const Position& b) {
  return {a.offset + b.offset, a.place + b.place};
}
constexpr Position operator-(const Position& a, const Position& b) {
  return {a.offset - b.offset, a.place - b.place};
}
constexpr Position operator*(uint32_t times, const Position& a) {
  return {times * a.offset, times * a.place};
}

// A set of output pixels that see the same filter taps: all of them in a forward pass; one residue of the strides in
// an input gradient.  Pixel m is (image, i, j); tap t is (r, s) = (t / tap_columns, t % tap_columns).
struct GatherPhase {
  int rows;                       // M: pixels of all images
  int depth;                      // K: taps times channels of a group
  int depth_of_split;             // a multiple of gemm_split_k
  int pixels, columns;            // of an image: i * columns + j
  int a_row, a_column;            // pixel (i, j) begins at row i * a_stride_h + a_row of A's image
  int d_row, d_column;            // and is written to row i * d_stride_h + d_row of D's
  int tap_row, tap_column;        // tap (r, s) lies tap_row rows below, and r times a step of the taps
  int filter_row, filter_column;  // and is tap filter_row + r * filter_step_h of the filter as it is stored
  int b_row;                      // B's first row
  FastDiv tap_columns;
  Position next_tap_row;  // k lies at k + tap * next_tap + r * next_tap_row: no remainder is ever taken
};

constexpr int most_phases = 16;  // of a launch: they travel as parameters

//   D[pixel m, column n] = activation( sum over k  A[pixel(m) + tap(k), channel(k)] * B[k, n] + bias[n] + residual )
// With splits > 1 the sum is cut into as many, each written whole to D + split * split_stride; finish_splits does the
// rest.  The sum runs upwards over k, whatever the tile: bits depend on `splits` alone.
struct GatherGemm {
  const float *a, *b, *bias, *residual;
  float* d;
  size_t split_stride;
  Activation activation;
  int columns, groups, splits;  // N of a group
  int a_height, a_width, a_channels, a_stride_h, a_stride_w;
  uint32_t a_limits;  // place of the last pixel of an image of A
  Position next_tap;
  int filter_step_h, filter_step_w;
  int d_height, d_width, d_channels, d_stride_h, d_stride_w;
  FastDiv group_channels;  // of A; k = tap * channels + channel
  int phase_count;
  GatherPhase phases[most_phases];
};

//   D[m = (r, s, c), n] = sum over pixels  A[pixel + tap(r, s), c] * B[pixel, n]
// Split over pixels: partial sums at D + split * split_stride, added in order by finish_splits.
struct FilterGemm {
  const float *a, *b;
  float* d;
  size_t split_stride;
  int rows, columns, depth;  // taps * channels of a group, N of a group, pixels
  int groups, splits, depth_of_split;
  FastDiv grid_rows, grid_columns;  // of an image of B
  uint32_t a_limits;                // place of the last pixel of an image of A
  // m lies at m + tap * next_tap + r * next_tap_row + group's channels, pixel i of the sum at
  // first_pixel + i * next_pixel + (i / columns) * next_row + (i / columns / rows) * next_image.
  Position next_tap, next_tap_row, first_pixel, next_pixel, next_row, next_image;
  FastDiv group_channels, tap_columns;
  int d_channels;  // of a row of B and D
};

constexpr int gemm_split_k = 32;  // sums are cut at multiples: whole tiles of k, whatever the tile

// Factors as they are, on FMA units.
void run_gather_float32(const GatherGemm& problem, cudaStream_t stream);
void run_filter_float32(const FilterGemm& problem, cudaStream_t stream);
// Factors rounded to TF32, on tensor cores.
void run_gather_tf32(const GatherGemm& problem, cudaStream_t stream);
void run_filter_tf32(const FilterGemm& problem, cudaStream_t stream);

// y[i] = activation(partial[0][i] + partial[1][i] + ... + bias[i % columns] + residual[i]); bias, residual may be null.
void finish_splits(const float* partial, int splits, int64_t count, int columns, const float* bias,
                   const float* residual, Activation activation, float* y, cudaStream_t stream);

// sums[n] = sum over rows of a row-major matrix, in an order that follows from its size; `workspace`:
// column_sums_floats(...) floats.
size_t column_sums_floats(int64_t rows, int64_t columns);
void column_sums(const float* matrix, int64_t rows, int64_t columns, float* workspace, float* sums,
                 cudaStream_t stream);

// The filter (taps, c, k) of a forward pass as the right matrix of its input gradient: row (tap of the phase, k),
// column c, phase after phase.
void turn_filter(const GatherGemm& problem, const float* filter, int filter_columns, float* turned,
                 cudaStream_t stream);

// ---- choices, from shapes alone, for a nominal GPU
constexpr double nominal_multiprocessors = 108;

enum class Units { fma, tensor_cores };

struct GemmTile {
  int rows, columns;
  double fma_share, tensor_share;  // of the rate that the largest tile's main loop reaches
  double share(Units units) const { return units == Units::fma ? fma_share : tensor_share; }
};
// On tensor cores: half way between 1 and what the instructions for a product come to (bench/cuda_static.py).
constexpr GemmTile tile_128x128{128, 128, 1.0, 1.0}, tile_128x64{128, 64, 0.9, 0.85},
    tile_128x32{128, 32, 0.65, 0.8}, tile_64x64{64, 64, 0.75, 0.75};

// The tile that the problem runs with, and what it then costs: products of the busiest multiprocessor, as if its tile
// ran at the full rate.
struct TileChoice {
  GemmTile tile;
  double products;
};
TileChoice choose_tile(const GatherGemm& problem, Units units);
TileChoice choose_tile(const FilterGemm& problem, Units units);

// Copies of 16 bytes: four channels of one tap, four columns of one group.
template <class Problem>
bool a_by_16_bytes(const Problem& problem) {
  return problem.group_channels.divisor % 4 == 0;
}
template <class Problem>
bool b_by_16_bytes(const Problem& problem) {
  return problem.columns % 4 == 0;
}

constexpr double float32_products_per_s = 64 * 1.4e9,
                 tf32_products_per_s = 512 * 1.4e9;  // of a multiprocessor

// How many pieces a sum is cut into, each of at least so many terms: more than one where that fills the
// multiprocessors better, partial sums that are written and read again included.
constexpr int most_splits = 64;
int choose_splits(double rows, double columns, int groups, int64_t depth, int64_t least_depth,
                  double products_per_s);

}  // namespace fastconv
