// A block's tile on FMA units: float32 as it is, 8 x 8 outputs a thread.
//
//   block 128 x 128 (256 threads)      warp 64 x 32               thread 8 x 8
//   +--------+--------+----- n         lanes 8 down, 4 across     K-major A: rows t, t + 8, ... t + 56
//   | w0 w1  | w2 w3  |                +--+--+--+--+--+--+--+--+   M-major A: 4 t .. 4 t + 3 and 32 + 4 t ..
//   | 64x32  |        |                |u0|u1|u2|u3|u0|u1|u2|u3|   columns 4 u .. 4 u + 3 and 16 + 4 u ..
//   +--------+--------+                +--+ 4 columns wide each    with t = lane / 4, u = lane % 4
//   | w4 w5  | w6 w7  |
//   m                                  an LDS.128 of A serves 8 rows, one of B 4 groups of columns: no conflicts
//
// Registers: 64 sums, 32 of A (four k of 8 rows), 8 of B: 104.  128 a thread leave 24 for addresses, and let 512 threads
// live on a multiprocessor: two blocks of 128 x 128, whose 2 x 50 KiB of shared memory just fit sm_86's 100.  What the
// loads need is therefore computed anew for every tile of k (about 40 of its 1200 instructions).
#pragma once
#include "cuda/gemm/operands.cuh"

namespace fastconv {

template <int ROWS, int COLUMNS>
struct FmaTile {
  using Element = float;
  static constexpr Units units = Units::fma;
  static constexpr int rows = ROWS, columns = COLUMNS, k = 16;
  static constexpr int stages = 3;  // two blocks of 128 x 128 then fit sm_86's memory
  static constexpr int warps_across = COLUMNS / 32, threads = ROWS / 64 * warps_across * 32;
  static constexpr int blocks_per_multiprocessor = 512 / threads;
  static constexpr Swizzle swizzle = Swizzle::none;
  static constexpr bool rereads = true;  // see above: no registers to carry addresses in
  static constexpr size_t staging_bytes = 0;

  float sums[8][8] = {};

  static __device__ __forceinline__ int lane_row(int thread) { return thread % 32 / 4; }
  static __device__ __forceinline__ int warp_row(int thread) { return thread / 32 / warps_across * 64; }
  static __device__ __forceinline__ int column(int thread) {
    return thread / 32 % warps_across * 32 + thread % 4 * 4;
  }

  __device__ __forceinline__ void add_products(int i, float a, const float4& b0, const float4& b1) {
    sums[i][0] = fmaf(a, b0.x, sums[i][0]);
    sums[i][1] = fmaf(a, b0.y, sums[i][1]);
    sums[i][2] = fmaf(a, b0.z, sums[i][2]);
    sums[i][3] = fmaf(a, b0.w, sums[i][3]);
    sums[i][4] = fmaf(a, b1.x, sums[i][4]);
    sums[i][5] = fmaf(a, b1.y, sums[i][5]);
    sums[i][6] = fmaf(a, b1.z, sums[i][6]);
    sums[i][7] = fmaf(a, b1.w, sums[i][7]);
  }

  // Adds the products of a tile of k.
  template <bool A_K_MAJOR>
  __device__ __forceinline__ void multiply(const float* a, const float* b, int thread) {
    if constexpr (A_K_MAJOR)
      multiply_k_major(a, b, thread);
    else
      multiply_m_major(a, b, thread);
  }

  __device__ __forceinline__ void multiply_k_major(const float* a, const float* b, int thread) {
    const int row = warp_row(thread) + lane_row(thread), column = this->column(thread);
#pragma unroll
    for (int first = 0; first < k; first += 4) {
      float4 left[8];  // four k of every row
#pragma unroll
      for (int i = 0; i < 8; ++i)
        left[i] = *reinterpret_cast<const float4*>(a + k_major<float, k>(row, first) + i * 8 * k);
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const float* right = b + (first + e) * COLUMNS + column;
        const float4 b0 = *reinterpret_cast<const float4*>(right);
        const float4 b1 = *reinterpret_cast<const float4*>(right + 16);
#pragma unroll
        for (int i = 0; i < 8; ++i)
          add_products(i, e == 0 ? left[i].x : e == 1 ? left[i].y : e == 2 ? left[i].z : left[i].w, b0, b1);
      }
    }
  }

  __device__ __forceinline__ void multiply_m_major(const float* a, const float* b, int thread) {
    const int row = warp_row(thread) + lane_row(thread) * 4, column = this->column(thread);
#pragma unroll
    for (int e = 0; e < k; ++e) {
      const float4 a0 = *reinterpret_cast<const float4*>(a + e * ROWS + row);
      const float4 a1 = *reinterpret_cast<const float4*>(a + e * ROWS + row + 32);
      const float4 b0 = *reinterpret_cast<const float4*>(b + e * COLUMNS + column);
      const float4 b1 = *reinterpret_cast<const float4*>(b + e * COLUMNS + column + 16);
      add_products(0, a0.x, b0, b1), add_products(1, a0.y, b0, b1);
      add_products(2, a0.z, b0, b1), add_products(3, a0.w, b0, b1);
      add_products(4, a1.x, b0, b1), add_products(5, a1.y, b0, b1);
      add_products(6, a1.z, b0, b1), add_products(7, a1.w, b0, b1);
    }
  }

  // Hands the tile out as store(row, column, four sums side by side).
  template <bool A_K_MAJOR, class Store>
  __device__ __forceinline__ void drain(float*, int thread, Store&& store) const {
    const int row = warp_row(thread) + lane_row(thread) * (A_K_MAJOR ? 1 : 4), column = this->column(thread);
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const int m = row + (A_K_MAJOR ? i * 8 : i % 4 + i / 4 * 32);
#pragma unroll
      for (int j = 0; j < 8; j += 4)
        store(m, column + j * 4, make_float4(sums[i][j], sums[i][j + 1], sums[i][j + 2], sums[i][j + 3]));
    }
  }
};

}  // namespace fastconv
