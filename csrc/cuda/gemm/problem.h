// Matrix products whose left matrix is never stored but gathered from an image: what convolutions and dense layers
// ask of the kernels in this folder.  All sizes are below 2^31; channels of all groups lie side by side.
#pragma once
#include <vector>

#include "cuda/kernel.cuh"
#include "primitives/attributes.h"

namespace fastconv {

// A set of output pixels that see the same filter taps: all of them in a forward pass; one residue of the strides in
// an input gradient.  Pixel m is (image, i, j); tap t is (r, s) = (t / tap_columns, t % tap_columns).
struct GatherPhase {
  int rows;                       // M: pixels of all images
  int depth;                      // K: taps times channels of a group
  int k_tiles_per_split;          //
  int pixels, columns;            // of an image: i * columns + j
  int a_row, a_column;            // pixel (i, j) begins at row i * a_stride_h + a_row of A's image
  int d_row, d_column;            // and is written to row i * d_stride_h + d_row of D's
  int tap_row, tap_column;        // tap (r, s) lies tap_row + r * tap_step_h rows below
  int filter_row, filter_column;  // and is tap filter_row + r * filter_step_h of the filter as it is stored
  int b_row;                      // B's first row
  FastDiv tap_columns;
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
  int tap_step_h, tap_step_w, filter_step_h, filter_step_w;
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
  int groups, splits, k_tiles_per_split;
  FastDiv grid_pixels, grid_columns;  // of an image of B
  int a_height, a_width, a_channels, a_stride_h, a_stride_w, a_row, a_column;
  int tap_step_h, tap_step_w;
  FastDiv group_channels, tap_columns;
  int d_channels;  // of a row of B and D
};

constexpr int gemm_block_k = 16;  // floats: 64 bytes of k in a tile

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

struct GemmTile {
  int rows, columns;
  double share;  // of a multiprocessor's rate that its main loop reaches
};
constexpr GemmTile tile_128x128{128, 128, 1.0}, tile_128x64{128, 64, 0.9}, tile_64x64{64, 64, 0.75};

// The tile that the problem runs with, and what it then costs: products of the busiest multiprocessor, as if its tile
// ran at the full rate.
struct TileChoice {
  GemmTile tile;
  double products;
};
TileChoice choose_tile(const GatherGemm& problem);
TileChoice choose_tile(const FilterGemm& problem);

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

// How many pieces a sum is cut into, each of at least so many tiles of k: more than one where that fills the
// multiprocessors better, partial sums that are written and read again included.
constexpr int most_splits = 64;
int choose_splits(double rows, double columns, int groups, int64_t depth, int64_t least_k_tiles,
                  double products_per_s);

}  // namespace fastconv
