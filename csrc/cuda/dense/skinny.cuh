// Few samples (m up to 16): the matrix w is all the traffic there is.  It is read, or written, once, 16 bytes a lane
// and access where a row is a multiple of 4 floats, and the sums of all samples lie in registers.
//
// forward      y[i, j] = sum over k of x[i, k] w[k, j]
//
//                 C lanes x 4 columns j                 C is 32, or the power of two that covers fewer columns; the
//               +-----------------------+               256 / C groups of lanes take the rows k of the block's split
//   k of a      | group 0: k = 0, G, .. |               in turn.  Then the groups of a warp are added by shuffles,
//   split       | group 1: k = 1, ..    |               the warps through shared memory, and the splits, if more
//               | ...                   |               than one, by a second kernel: each in a fixed order that
//               +-----------------------+               follows from k and n alone, so that a sample's bits are the
//                                                       same in any batch.
// input gradient    dx[i, k] = sum over j of dy[i, j] w[k, j]: a warp owns 4 rows k and all their sums; lanes along j.
// weight gradient   dw[k, j] = sum over i of x[i, k] dy[i, j]: a lane keeps its columns of dy, a warp writes 32 rows.
#pragma once
#include <type_traits>

#include "cuda/dense/epilogue.cuh"
#include "cuda/elementwise.cuh"

namespace fastconv {
namespace dense {

constexpr int64_t skinny_samples = 16;
constexpr int skinny_threads = 256, skinny_warps = skinny_threads / 32;
constexpr int staged_rows = 256;                  // rows k of x in shared memory at a time
constexpr int64_t skinny_blocks = 512;            // splits are made until there are so many blocks,
constexpr int64_t rows_a_group = 16;              // or a group of lanes has only so many rows left
constexpr int rows_at_once = 4;                   // of w, in registers
constexpr int gradient_rows_a_warp = 4;           // input gradient
constexpr int weight_rows_a_block = staged_rows;  // weight gradient

// Floats from one staged row to the next: with 16 samples, 20 lets 8 lanes read 16 bytes each from different banks.
constexpr int staged_stride(int samples) { return samples == 16 ? 20 : samples; }

inline Refusal few_samples(int64_t samples) {
  if (samples <= skinny_samples) return std::nullopt;
  return std::to_string(samples) + " samples; this one takes up to " + std::to_string(skinny_samples);
}

// function(samples, vector) with the instance's numbers as types: sums for 1, 4 or 16 samples, 4 columns a lane where
// rows are multiples of 16 bytes.
template <class Function>
void with_instance(int64_t samples, int64_t columns, const Function& function) {
  const auto with_vector = [&](auto count) {
    if (columns % 4)
      function(count, std::integral_constant<int, 1>{});
    else
      function(count, std::integral_constant<int, 4>{});
  };
  if (samples == 1) return with_vector(std::integral_constant<int, 1>{});
  if (samples <= 4) return with_vector(std::integral_constant<int, 4>{});
  with_vector(std::integral_constant<int, 16>{});
}

// staged[k - first][i] = x[i, k] for k from `first` to `past`; samples from m on are 0.
template <int samples>
__device__ __forceinline__ void stage(float* staged, const float* x, uint32_t m, uint32_t depth,
                                      uint32_t first, uint32_t past) {
  const uint32_t k = first + threadIdx.x;
  for (int i = 0; i < samples; ++i)
    staged[threadIdx.x * staged_stride(samples) + i] = i < m && k < past ? x[i * depth + k] : 0.0f;
}

// ---- forward
struct SkinnyShape {
  uint32_t m, k, n, lanes, column_blocks, splits, rows_a_split;
  FastDiv width;  // columns of a block

  SkinnyShape(int64_t m, int64_t k, int64_t n)
      : m(static_cast<uint32_t>(m)), k(static_cast<uint32_t>(k)), n(static_cast<uint32_t>(n)), lanes(1) {
    const int64_t vector = n % 4 ? 1 : 4;
    while (lanes < 32 && lanes * vector < n) lanes *= 2;
    width = FastDiv(static_cast<uint32_t>(lanes * vector));
    column_blocks = blocks_for(n, lanes * vector);
    const int64_t shortest = rows_a_group * (skinny_threads / lanes);
    const int64_t wanted = column_blocks ? (skinny_blocks + column_blocks - 1) / column_blocks : 1;
    const int64_t possible = (k + shortest - 1) / shortest;
    const int64_t count = wanted < possible ? wanted : possible;
    rows_a_split = count > 1 ? blocks_for(k, count) : this->k;
    splits = k ? blocks_for(k, rows_a_split) : 1;
  }
  size_t partial_floats() const { return splits > 1 ? size_t{splits} * m * n : 0; }
};

template <int samples, int vector>
__device__ __forceinline__ void add_row(float (&sums)[samples][vector], const float* x,
                                        const Pack<float, vector>& weights) {
#pragma unroll
  for (int i = 0; i < samples; ++i)
#pragma unroll
    for (int v = 0; v < vector; ++v) sums[i][v] += x[i] * weights.lanes[v];
}

// The loads of `rows_at_once` rows are on their way together: a test between them would keep them apart.
template <int samples, int vector>
__device__ __forceinline__ void add_rows(float (&sums)[samples][vector], const float* staged, const float* w,
                                         uint32_t n, uint32_t row, uint32_t end, uint32_t groups) {
  constexpr int stride = staged_stride(samples);
  for (; row + (rows_at_once - 1) * groups < end; row += rows_at_once * groups) {
    Pack<float, vector> weights[rows_at_once];
#pragma unroll
    for (int u = 0; u < rows_at_once; ++u) weights[u] = load_pack<vector>(w + (row + u * groups) * n);
#pragma unroll
    for (int u = 0; u < rows_at_once; ++u) add_row(sums, staged + (row + u * groups) * stride, weights[u]);
  }
  for (; row < end; row += groups) add_row(sums, staged + row * stride, load_pack<vector>(w + row * n));
}

// `partials`: [split][m][n], or null where there is one split, whose sums go to the epilogue.
template <int samples, int vector>
__global__ void __launch_bounds__(skinny_threads)
    skinny_forward(SkinnyShape z, const float* x, const float* w, Epilogue epilogue, float* partials) {
  constexpr int together = samples < 4 ? samples : 4;  // samples whose warps are added at a time
  constexpr int columns = 32 * vector;
  constexpr int staged_floats = staged_rows * staged_stride(samples);
  constexpr int parts_floats = skinny_warps * together * columns;
  __shared__ alignas(16) float memory[staged_floats > parts_floats ? staged_floats : parts_floats];
  const uint32_t column_block = blockIdx.x % z.column_blocks, split = blockIdx.x / z.column_blocks;
  const uint32_t lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const uint32_t own = threadIdx.x % z.lanes * vector, width = z.width.divisor;
  const uint32_t j = column_block * width + own, groups = skinny_threads / z.lanes;
  const uint32_t begin = split * z.rows_a_split;
  const uint32_t past = begin + z.rows_a_split < z.k ? begin + z.rows_a_split : z.k;

  float sums[samples][vector] = {};
  for (uint32_t first = begin; first < past; first += staged_rows) {
    stage<samples>(memory, x, z.m, z.k, first, past);
    __syncthreads();
    const uint32_t rows = past - first < staged_rows ? past - first : staged_rows;
    if (j < z.n)
      add_rows<samples, vector>(sums, memory, w + first * z.n + j, z.n, threadIdx.x / z.lanes, rows, groups);
    __syncthreads();  // before the memory is filled again
  }
#pragma unroll
  for (int i = 0; i < samples; ++i)
#pragma unroll
    for (int v = 0; v < vector; ++v)
      for (uint32_t other = z.lanes; other < 32; other *= 2)
        sums[i][v] += __shfl_xor_sync(0xffffffffu, sums[i][v], other);

#pragma unroll
  for (int first = 0; first < samples; first += together) {
    if (lane < z.lanes)
      for (int i = 0; i < together; ++i)
        for (int v = 0; v < vector; ++v)
          memory[(warp * together + i) * columns + own + v] = sums[first + i][v];
    __syncthreads();
    for (uint32_t item = threadIdx.x; item < together * width; item += skinny_threads) {
      const uint32_t i = z.width.divide(item), column = z.width.modulo(item);
      float sum = 0.0f;
      for (int part = 0; part < skinny_warps; ++part) sum += memory[(part * together + i) * columns + column];
      if (first + i >= z.m || column_block * width + column >= z.n) continue;
      if (partials)
        partials[(split * z.m + first + i) * z.n + column_block * width + column] = sum;
      else
        epilogue(first + i, column_block * width + column, sum);
    }
    __syncthreads();  // before the next samples' parts
  }
}

// The sum of `splits` partial results of `count` elements each, in order, handed to `store`.
template <class Store>
__global__ void __launch_bounds__(skinny_threads)
    add_splits(const float* partials, uint32_t splits, uint32_t count, FastDiv columns, Store store) {
  const uint32_t item = blockIdx.x * skinny_threads + threadIdx.x;
  if (item >= count) return;
  float sum = 0.0f;
#pragma unroll 8
  for (uint32_t split = 0; split < splits; ++split) sum += partials[split * count + item];
  store(columns.divide(item), columns.modulo(item), sum);
}

// ---- input gradient
template <int samples, int vector>
__global__ void __launch_bounds__(skinny_threads)
    skinny_input_gradient(uint32_t m, uint32_t k, uint32_t n, const float* dy, const float* w, float* dx) {
  constexpr int rows = gradient_rows_a_warp;
  const uint32_t lane = threadIdx.x % 32;
  const uint32_t row = (blockIdx.x * skinny_warps + threadIdx.x / 32) * rows;
  float sums[samples][rows] = {};
  for (uint32_t j = lane * vector; j < n; j += 32 * vector) {
    Pack<float, vector> weights[rows];
#pragma unroll
    for (int r = 0; r < rows; ++r)
      weights[r] = load_pack<vector>(w + (row + r < k ? row + r : k - 1) * n + j);
#pragma unroll
    for (int i = 0; i < samples; ++i) {
      const Pack<float, vector> gradient = load_pack<vector>(dy + (i < m ? i : m - 1) * n + j);
#pragma unroll
      for (int r = 0; r < rows; ++r)
#pragma unroll
        for (int v = 0; v < vector; ++v) sums[i][r] += gradient.lanes[v] * weights[r].lanes[v];
    }
  }
#pragma unroll
  for (int i = 0; i < samples; ++i)
#pragma unroll
    for (int r = 0; r < rows; ++r) {
      float sum = sums[i][r];
      for (int other = 16; other > 0; other /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, other);
      if (i < m && row + r < k && lane == (i * rows + r) % 32) dx[i * k + row + r] = sum;
    }
}

// ---- weight gradient
template <int samples, int vector>
__global__ void __launch_bounds__(skinny_threads)
    skinny_weight_gradient(uint32_t m, uint32_t k, uint32_t n, uint32_t column_blocks, const float* x,
                           const float* dy, float* dw, float* dbias) {
  constexpr int rows_a_warp = weight_rows_a_block / skinny_warps;
  __shared__ alignas(16) float staged[staged_rows * staged_stride(samples)];
  const uint32_t lane = threadIdx.x % 32, warp_row = threadIdx.x / 32 * rows_a_warp;
  const uint32_t j = (blockIdx.x % column_blocks * 32 + lane) * vector;
  const uint32_t first = blockIdx.x / column_blocks * weight_rows_a_block;
  stage<samples>(staged, x, m, k, first, k);
  __syncthreads();
  if (j >= n) return;
  Pack<float, vector> gradient[samples] = {};
#pragma unroll
  for (int i = 0; i < samples; ++i)
    if (i < m) gradient[i] = load_pack<vector>(dy + i * n + j);
  for (uint32_t row = warp_row; row < warp_row + rows_a_warp && first + row < k; ++row) {
    Pack<float, vector> sums = {};
#pragma unroll
    for (int i = 0; i < samples; ++i)
#pragma unroll
      for (int v = 0; v < vector; ++v)
        sums.lanes[v] += staged[row * staged_stride(samples) + i] * gradient[i].lanes[v];
    store_pack(dw + (first + row) * n + j, sums);
  }
  if (dbias == nullptr || first + warp_row != 0) return;
  Pack<float, vector> sums = {};
#pragma unroll
  for (int i = 0; i < samples; ++i)
#pragma unroll
    for (int v = 0; v < vector; ++v) sums.lanes[v] += gradient[i].lanes[v];
  store_pack(dbias + j, sums);
}

}  // namespace dense
}  // namespace fastconv
