// c[i, j] = sum over e of a[i, e] b[e, j], whichever way a and b lie in memory: the plain rows of dense and its
// gradients, for every shape that the faster ones leave.
//
//                 32 columns j         256 threads: a warp owns 4 rows of the tile, a lane 1 column; 4 sums a
//               +---------------+      thread.  Both operands pass through shared memory, 32 deep; a row of 33
//   32 rows i   | 8 warps x 4 i |      floats, so that reading along either axis meets no bank twice.  What lies
//               +---------------+      outside is 0 there, and is not stored.
//
// Order of summation: 32 products in a row make a part, the parts are added in a row.
#pragma once
#include "cuda/kernel.cuh"

namespace fastconv {
namespace dense {

constexpr int tile_edge = 32, tile_threads = 256, tile_warps = tile_threads / 32;
constexpr int tile_rows_a_warp = tile_edge / tile_warps;

using Tile = float[tile_edge][tile_edge + 1];  // [e][i] or [e][j]

struct ProductShape {
  uint32_t rows, columns, depth;
  FastDiv column_tiles;
  ProductShape(int64_t rows, int64_t columns, int64_t depth)
      : rows(static_cast<uint32_t>(rows)),
        columns(static_cast<uint32_t>(columns)),
        depth(static_cast<uint32_t>(depth)),
        column_tiles(columns ? blocks_for(columns, tile_edge) : 1) {}
  unsigned tiles() const { return rows ? blocks_for(rows, tile_edge) * blocks_for(columns, tile_edge) : 0; }
};

// tile[e][i] = element (first + i, depth_first + e) of a matrix of `count` times `depth` elements, whose neighbours
// in memory are neighbours along the depth, or along `count`.
template <bool along_depth>
__device__ __forceinline__ void fill_tile(Tile& tile, const float* matrix, uint32_t first, uint32_t count,
                                          uint32_t depth_first, uint32_t depth) {
  const uint32_t lane = threadIdx.x % 32, warp = threadIdx.x / 32;
#pragma unroll
  for (uint32_t other = warp; other < tile_edge; other += tile_warps) {
    const uint32_t own_i = along_depth ? other : lane, own_e = along_depth ? lane : other;
    const uint32_t i = first + own_i, e = depth_first + own_e;
    const bool inside = i < count && e < depth;
    tile[own_e][own_i] = inside ? matrix[along_depth ? i * depth + e : e * count + i] : 0.0f;
  }
}

// `store(i, j, sum)` takes the sums; `column_sums`, if not null, gets the sum over e of b[e, j].
template <bool a_along_depth, bool b_along_depth, class Store>
__global__ void __launch_bounds__(tile_threads)
    tile_product(ProductShape shape, const float* a, const float* b, Store store, float* column_sums) {
  __shared__ Tile a_tile, b_tile;
  const uint32_t lane = threadIdx.x % 32, tile_row = threadIdx.x / 32 * tile_rows_a_warp;
  const uint32_t first_row = shape.column_tiles.divide(blockIdx.x) * tile_edge;
  const uint32_t first_column = shape.column_tiles.modulo(blockIdx.x) * tile_edge;
  const bool adds_columns = column_sums != nullptr && first_row == 0 && tile_row == 0;
  float sums[tile_rows_a_warp] = {}, column_sum = 0.0f;
  for (uint32_t e = 0; e < shape.depth; e += tile_edge) {
    fill_tile<a_along_depth>(a_tile, a, first_row, shape.rows, e, shape.depth);
    fill_tile<b_along_depth>(b_tile, b, first_column, shape.columns, e, shape.depth);
    __syncthreads();
    float parts[tile_rows_a_warp] = {}, column_part = 0.0f;
#pragma unroll
    for (int k = 0; k < tile_edge; ++k) {
      const float b_element = b_tile[k][lane];
      if (adds_columns) column_part += b_element;
#pragma unroll
      for (int r = 0; r < tile_rows_a_warp; ++r) parts[r] += a_tile[k][tile_row + r] * b_element;
    }
#pragma unroll
    for (int r = 0; r < tile_rows_a_warp; ++r) sums[r] += parts[r];
    column_sum += column_part;
    __syncthreads();  // before the tiles are filled again
  }
  const uint32_t j = first_column + lane;
  if (j >= shape.columns) return;
  for (int r = 0; r < tile_rows_a_warp; ++r)
    if (first_row + tile_row + r < shape.rows) store(first_row + tile_row + r, j, sums[r]);
  if (adds_columns) column_sums[j] = column_sum;
}

}  // namespace dense
}  // namespace fastconv
