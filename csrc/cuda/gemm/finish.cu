// What stands around the matrix products: splits added up, columns summed, filters turned, tiles and splits chosen.
#include <algorithm>
#include <cmath>

#include "cuda/activation.cuh"
#include "cuda/gemm/problem.h"

namespace fastconv {
namespace {

constexpr int finish_threads = 256;

template <int VECTOR>
struct alignas(VECTOR * sizeof(float)) Packet {
  float of[VECTOR];
};

// Splits are added upwards: the order is part of the contract.
template <int VECTOR>
__global__ void __launch_bounds__(finish_threads)
    finish_kernel(const float* partial, int splits, uint32_t count, FastDiv columns, const float* bias,
                  const float* residual, Activation activation, float* y) {
  const uint32_t i = (blockIdx.x * finish_threads + threadIdx.x) * VECTOR;
  if (i >= count) return;
  const auto at = [&](const float* tensor, size_t index) {
    return *reinterpret_cast<const Packet<VECTOR>*>(tensor + index);
  };
  Packet<VECTOR> sum = at(partial, i);
  const auto add = [&](const Packet<VECTOR>& more) {
#pragma unroll
    for (int e = 0; e < VECTOR; ++e) sum.of[e] += more.of[e];
  };
#pragma unroll 4
  for (int split = 1; split < splits; ++split) add(at(partial, static_cast<size_t>(split) * count + i));
  if (bias) add(at(bias, columns.modulo(i)));
  if (residual) add(at(residual, i));
#pragma unroll
  for (float& element : sum.of) element = activate(activation, element);
  *reinterpret_cast<Packet<VECTOR>*>(y + i) = sum;
}

// ---- column sums
constexpr int sum_warps = 8, sum_threads = sum_warps * 32;

// A block sums a chunk of rows for 32 columns: every eighth row a warp, upwards, then the warps in order.
__global__ void __launch_bounds__(sum_threads)
    column_sums_kernel(const float* matrix, int64_t rows, int columns, int64_t chunk_rows, float* sums) {
  __shared__ float of_warps[sum_warps][32];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, column = blockIdx.x * 32 + lane;
  const int64_t first = blockIdx.y * chunk_rows, end = min(rows, first + chunk_rows);
  float sum = 0.0f;
  if (column < columns) {
#pragma unroll 4
    for (int64_t row = first + warp; row < end; row += sum_warps) sum += matrix[row * columns + column];
  }
  of_warps[warp][lane] = sum;
  __syncthreads();
  if (warp > 0 || column >= columns) return;
  for (int w = 1; w < sum_warps; ++w) sum += of_warps[w][lane];
  sums[static_cast<int64_t>(blockIdx.y) * columns + column] = sum;
}

// Enough blocks to load memory fully, at least 128 rows each.
int64_t sum_chunks(int64_t rows, int64_t columns) {
  const int64_t wanted = 432 / std::max<int64_t>(1, blocks_for(columns, 32));
  return std::clamp<int64_t>(std::min(wanted, rows / 128), 1, 256);
}

// ---- the turned filter
// 32 x 32 of one tap through shared memory; grid.x: tiles of c and k of a group, groups; grid.y: tap; grid.z: phase.
__global__ void __launch_bounds__(256) turn_kernel(const __grid_constant__ GatherGemm p, const float* filter,
                                                   int filter_columns, float* turned) {
  __shared__ float tile[32][33];
  const GatherPhase& phase = p.phases[blockIdx.z];
  const int group_k = p.group_channels.divisor, group_c = p.columns, tap = blockIdx.y;
  if (tap * group_k >= phase.depth) return;  // phases differ in their number of taps
  const int tiles_c = (group_c + 31) / 32, tiles_k = (group_k + 31) / 32;
  const int c0 = blockIdx.x % tiles_c * 32, k0 = blockIdx.x / tiles_c % tiles_k * 32;
  const int group = blockIdx.x / tiles_c / tiles_k, x = threadIdx.x % 32, y = threadIdx.x / 32;
  const int r = phase.filter_row + tap / phase.tap_columns.divisor * p.filter_step_h;
  const int s = phase.filter_column + tap % phase.tap_columns.divisor * p.filter_step_w;
  const float* from = filter + (r * filter_columns + s) * group_c * p.a_channels + group * group_k;
  for (int i = y; i < 32; i += 8)
    if (c0 + i < group_c && k0 + x < group_k) tile[i][x] = from[(c0 + i) * p.a_channels + k0 + x];
  __syncthreads();
  float* to = turned + (phase.b_row + tap * group_k) * p.d_channels + group * group_c;
  for (int i = y; i < 32; i += 8)
    if (k0 + i < group_k && c0 + x < group_c) to[(k0 + i) * p.d_channels + c0 + x] = tile[x][i];
}

// ---- the model of costs: blocks are dealt to the multiprocessors, the busiest of which decides
// Blocks that it gets, as the time that they take: a single one does not hide its latencies.
double waves(double blocks) {
  const double of_busiest = std::ceil(blocks / nominal_multiprocessors);
  return of_busiest == 1 ? 1.25 : of_busiest;
}

double block_count(const GemmTile& tile, double rows, double columns) {
  return std::ceil(rows / tile.rows) * std::ceil(columns / tile.columns);
}

TileChoice cheapest(std::initializer_list<TileChoice> choices) {
  return *std::min_element(choices.begin(), choices.end(),
                           [](const TileChoice& a, const TileChoice& b) { return a.products < b.products; });
}

TileChoice cost_of(const GemmTile& tile, const GatherGemm& p, Units units) {
  double blocks = 0, depths = 0;
  for (int i = 0; i < p.phase_count; ++i) {
    const double of_phase = block_count(tile, p.phases[i].rows, p.columns) * p.groups;
    blocks += of_phase;
    depths += of_phase * p.phases[i].depth;
  }
  if (blocks == 0) return {tile, 0};
  const double products = tile.rows * tile.columns * (depths / blocks / p.splits);
  return {tile, waves(blocks * p.splits) * products / tile.share(units)};
}

TileChoice cost_of(const GemmTile& tile, const FilterGemm& p, Units units) {
  const double blocks = block_count(tile, p.rows, p.columns) * p.groups * p.splits;
  const double products = tile.rows * tile.columns * (static_cast<double>(p.depth) / p.splits);
  return {tile, waves(blocks) * products / tile.share(units)};
}

}  // namespace

void finish_splits(const float* partial, int splits, int64_t count, int columns, const float* bias,
                   const float* residual, Activation activation, float* y, cudaStream_t stream) {
  const FastDiv divisor(std::max(1, columns));
  const auto start = [&](auto kernel, int vector) {
    launch(kernel, blocks_for(count, int64_t{finish_threads} * vector), finish_threads, 0, stream, partial,
           splits, static_cast<uint32_t>(count), divisor, bias, residual, activation, y);
  };
  if (columns % 4 == 0)
    start(finish_kernel<4>, 4);
  else
    start(finish_kernel<1>, 1);
}

size_t column_sums_floats(int64_t rows, int64_t columns) {
  const int64_t chunks = sum_chunks(rows, columns);
  return chunks > 1 ? static_cast<size_t>(chunks * columns) : 0;
}

void column_sums(const float* matrix, int64_t rows, int64_t columns, float* workspace, float* sums,
                 cudaStream_t stream) {
  const int64_t chunks = sum_chunks(rows, columns), chunk_rows = (rows + chunks - 1) / chunks;
  const auto start = [&](const float* from, int64_t from_rows, int64_t pieces, int64_t piece_rows,
                         float* to) {
    launch(column_sums_kernel, dim3(blocks_for(columns, 32), static_cast<unsigned>(pieces)), sum_threads, 0,
           stream, from, from_rows, static_cast<int>(columns), piece_rows, to);
  };
  if (chunks == 1) return start(matrix, rows, 1, rows, sums);
  start(matrix, rows, chunks, chunk_rows, workspace);
  start(workspace, chunks, 1, chunks, sums);
}

void turn_filter(const GatherGemm& problem, const float* filter, int filter_columns, float* turned,
                 cudaStream_t stream) {
  const int group_k = static_cast<int>(problem.group_channels.divisor);
  int taps = 0;
  for (int i = 0; i < problem.phase_count; ++i) taps = std::max(taps, problem.phases[i].depth / group_k);
  const unsigned tiles = blocks_for(problem.columns, 32) * blocks_for(group_k, 32) * problem.groups;
  launch(turn_kernel, dim3(tiles, taps, problem.phase_count), 256, 0, stream, problem, filter, filter_columns,
         turned);
}

TileChoice choose_tile(const GatherGemm& problem, Units units) {
  const auto cost = [&](const GemmTile& tile) { return cost_of(tile, problem, units); };
  const TileChoice small = cost(tile_64x64);
  if (!b_by_16_bytes(problem)) return small;
  const TileChoice tall = cost(tile_128x64);
  if (!a_by_16_bytes(problem)) return cheapest({tall, small});
  // Beside one another, tiles of few columns would each gather A's rows again.
  if (problem.columns <= tile_128x32.columns) return cheapest({cost(tile_128x32), small});
  return cheapest({cost(tile_128x128), tall, small});
}

TileChoice choose_tile(const FilterGemm& problem, Units units) {
  const auto cost = [&](const GemmTile& tile) { return cost_of(tile, problem, units); };
  const TileChoice small = cost(tile_64x64);
  if (!a_by_16_bytes(problem) || !b_by_16_bytes(problem)) return small;
  return cheapest({cost(tile_128x128), cost(tile_128x64), small});
}

int choose_splits(double rows, double columns, int groups, int64_t depth, int64_t least_depth,
                  double products_per_s) {
  const int64_t pieces = (depth + gemm_split_k - 1) / gemm_split_k;
  const double blocks = block_count(tile_128x128, rows, columns) * groups;
  int best = 1;
  double best_s = INFINITY;
  for (int splits = 1; splits <= most_splits && (splits == 1 || depth / splits >= least_depth); ++splits) {
    const double per_split = std::ceil(static_cast<double>(pieces) / splits) * gemm_split_k;
    const double products = waves(blocks * splits) * tile_128x128.rows * tile_128x128.columns * per_split;
    const double bytes = splits > 1 ? 8.0 * splits * rows * columns * groups : 0;  // written and read
    const double s = products / products_per_s + bytes * 1e-12;
    if (s < best_s * 0.97) best = splits, best_s = s;  // memory and another launch must be worth it
  }
  const int64_t of_split = (pieces + best - 1) / best;
  return of_split > 0 ? static_cast<int>((pieces + of_split - 1) / of_split) : 1;
}

}  // namespace fastconv
