// A block's tile on tensor cores, through mma.sync with float32 sums.
//
//   block 128 x 128, 4 warps           warp 64 x 64 = 8 x 4 products of 8 rows x 16 columns
//   +---------+---------+----- n       mma's left factor (16 x k) is B, its right one (k x 8) A: so what a lane reads
//   | warp 0  | warp 1  |              of B, two columns side by side, lies in neighbouring registers, as mma wants it
//   | 64x64   |         |              A  K-major [m][64 bytes]: ldmatrix; M-major: 32-bit loads
//   +---------+---------+              B  N-major [k][n]: 64-bit loads
//   | warp 2  | warp 3  |              D  a lane holds rows 2t, 2t + 1 of columns 2g, 2g + 1
//   m                                     with g = lane / 4, t = lane % 4
//                                      on the way out 16 rows of a warp at a time pass through shared memory, so
//                                      that a row leaves as whole sectors; rows there are 4 floats longer than the
//                                      warp's, which spreads them over the banks
//
// Registers: 128 sums and 64 factors, those of a step that are multiplied and those of the next, leave about 60 of 255
// for addresses at two blocks of 128 threads a multiprocessor.
// Four warps, not eight of 64 x 32: those would read shared memory at the full rate of 128 bytes a clock, these at 75%.
//
// A format says what the factors are: its element, the k of one mma, the swizzle of MN-major tiles, the instruction, and
// readers of fragments.  A reader is made for a tile and a lane; the rest of its addresses is known to the compiler.
#pragma once
#include "cuda/gemm/operands.cuh"

namespace fastconv {

// Factors rounded to nearest TF32 on their way into registers.
struct Tf32 {
  using Element = float;
  static constexpr int mma_k = 8, tile_k = 32;
  static constexpr Swizzle swizzle = Swizzle::pairs_of_k;

  // 16 rows x 8 of a K-major tile, as two fragments of 8 rows: lanes 0 to 7 name the first eight, lanes 8 to 15 the same
  // 16 bytes on, the others the next eight.
  template <int ROWS>
  class LeftKMajor {
   public:
    __device__ __forceinline__ LeftKMajor(const float* tile, int lane) {
#pragma unroll
      for (int step = 0; step < tile_k / mma_k; ++step)
        at_[step] = shared_address(
            tile + k_major<float, tile_k>(lane % 8 + lane / 16 * 8, step * mma_k + lane / 8 % 2 * 4));
    }
    __device__ __forceinline__ void read(uint32_t (&a)[2][2], int row,
                                         int k) const {  // row: a multiple of 16
      uint32_t both[4];
      ldmatrix_x4(both, at_[k / mma_k] + row * tile_k * sizeof(float));
      a[0][0] = both[0], a[0][1] = both[1], a[1][0] = both[2], a[1][1] = both[3];
      round_to_tf32(a[0][0], a[0][1]);  // of one row
      round_to_tf32(a[1][0], a[1][1]);
    }

   private:
    uint32_t at_[tile_k / mma_k];
  };

  // The same of an M-major tile: a lane reads at k = lane % 4 and row lane / 4, from multiples of 4 and 8 on.  The
  // swizzle moves chunks within 32 rows, by the lane alone: four addresses serve all.
  template <int ROWS>
  class LeftMMajor {
   public:
    __device__ __forceinline__ LeftMMajor(const float* tile, int lane) {
#pragma unroll
      for (int eight = 0; eight < 4; ++eight)
        at_[eight] = tile + mn_major<float, ROWS, swizzle>(lane % 4, eight * 8 + lane / 4);
    }
    __device__ __forceinline__ void read(uint32_t (&a)[2][2], int row, int k) const {
#pragma unroll
      for (int i = 0; i < 2; ++i) {
        const float* const from = at_[row / 8 % 4 + i] + k * ROWS + row / 32 * 32;
        a[i][0] = __float_as_uint(from[0]), a[i][1] = __float_as_uint(from[4 * ROWS]);
        round_to_tf32(a[i][0], a[i][1]);
      }
    }

   private:
    const float* at_[4];
  };

  // 8 x 16 columns of an N-major tile: a lane reads at k = lane % 4 columns 2 g and 2 g + 1 with g = lane / 4, which
  // become g and g + 8 of the fragment.
  template <int COLUMNS>
  class Right {
   public:
    __device__ __forceinline__ Right(const float* tile, int lane) {
#pragma unroll
      for (int half = 0; half < 2; ++half)
        at_[half] = tile + mn_major<float, COLUMNS, swizzle>(lane % 4, half * 16 + lane / 4 * 2);
    }
    __device__ __forceinline__ void read(uint32_t (&b)[4], int column, int k) const {
      const float* const from = at_[column / 16 % 2] + k * COLUMNS + column / 32 * 32;
      const uint2 near = *reinterpret_cast<const uint2*>(from);
      const uint2 far = *reinterpret_cast<const uint2*>(from + 4 * COLUMNS);
      b[0] = near.x, b[1] = near.y, b[2] = far.x, b[3] = far.y;
      round_to_tf32(b[0], b[2]);  // of one column
      round_to_tf32(b[1], b[3]);
    }

   private:
    const float* at_[2];
  };

  static __device__ __forceinline__ void mma(float (&d)[4], const uint32_t (&a)[2], const uint32_t (&b)[4]) {
    mma_tf32(d, b, a[0], a[1]);
  }
};

template <class Format, int ROWS, int COLUMNS, int WARP_ROWS, int WARP_COLUMNS>
struct MmaTile {
  using Element = typename Format::Element;
  static constexpr Units units = Units::tensor_cores;
  static constexpr int rows = ROWS, columns = COLUMNS, k = Format::tile_k;
  static constexpr int warps_across = COLUMNS / WARP_COLUMNS, threads = ROWS / WARP_ROWS * warps_across * 32;
  static_assert(WARP_ROWS % 32 == 0 && WARP_COLUMNS % 32 == 0,
                "readers of fragments count from multiples of 32");
  static constexpr int down = WARP_ROWS / 8, across = WARP_COLUMNS / 16;  // products of 8 x 16
  // 8 warps of 64 x 64, 12 of 64 x 32, 16 of 32 x 32, which have fewer products each to wait behind.
  static constexpr int sums_of_thread = WARP_ROWS * WARP_COLUMNS / 32;
  static constexpr int blocks_per_multiprocessor = (sums_of_thread == 128  ? 8
                                                    : sums_of_thread == 64 ? 12
                                                                           : 16) *
                                                   32 / threads;
  static constexpr int stages = 2;
  static constexpr Swizzle swizzle = Format::swizzle;
  static constexpr bool rereads = false;  // the registers suffice for addresses
  static constexpr int staging_row = WARP_COLUMNS + 4;
  static constexpr size_t staging_bytes = threads / 32 * 16 * staging_row * sizeof(float);

  static constexpr int steps = k / Format::mma_k;  // of the sum in a tile of k
  static_assert(steps % 2 == 0, "the factors of even steps lie apart from those of odd ones");

  float sums[down][across][4] = {};
  uint32_t left[2][down / 2][2][2], right[2][across][4];  // factors of even and odd steps

  static __device__ __forceinline__ int warp_row(int thread) {
    return thread / 32 / warps_across * WARP_ROWS;
  }
  static __device__ __forceinline__ int warp_column(int thread) {
    return thread / 32 % warps_across * WARP_COLUMNS;
  }

  // Reads the factors of a step of a tile of k.
  template <bool A_K_MAJOR>
  __device__ __forceinline__ void read(const Element* a, const Element* b, int thread, int step) {
    const int first = step * Format::mma_k, lane = thread % 32;
    if constexpr (A_K_MAJOR) {
      const typename Format::template LeftKMajor<ROWS> rows_of_warp(a + warp_row(thread) * k, lane);
#pragma unroll
      for (int i = 0; i < down / 2; ++i) rows_of_warp.read(left[step % 2][i], i * 16, first);
    } else {
      const typename Format::template LeftMMajor<ROWS> rows_of_warp(a + warp_row(thread), lane);
#pragma unroll
      for (int i = 0; i < down / 2; ++i) rows_of_warp.read(left[step % 2][i], i * 16, first);
    }
    const typename Format::template Right<COLUMNS> columns_of_warp(b + warp_column(thread), lane);
#pragma unroll
    for (int j = 0; j < across; ++j) columns_of_warp.read(right[step % 2][j], j * 16, first);
  }

  // Adds the products of a step that has been read.
  __device__ __forceinline__ void multiply(int step) {
#pragma unroll
    for (int i = 0; i < down; ++i)
#pragma unroll
      for (int j = 0; j < across; ++j)
        Format::mma(sums[i][j], left[step % 2][i / 2][i % 2], right[step % 2][j]);
  }

  // Hands the tile out as store(row, column, four sums side by side), rows contiguous over the lanes.
  template <bool A_K_MAJOR, class Store>
  __device__ __forceinline__ void drain(float* staging, int thread, Store&& store) const {
    constexpr int lanes = WARP_COLUMNS / 4, at_once = 32 / lanes;  // lanes of a row, rows at once
    const int lane = thread % 32;
    float* strip = staging + thread / 32 * 16 * staging_row;
#pragma unroll
    for (int i = 0; i < down; i += 2) {
#pragma unroll
      for (int e = 0; e < 4; ++e)
#pragma unroll
        for (int j = 0; j < across; ++j) {
          const float (&of)[4] = sums[i + e / 2][j];
          *reinterpret_cast<float2*>(strip + (e / 2 * 8 + lane % 4 * 2 + e % 2) * staging_row + j * 16 +
                                     lane / 4 * 2) = make_float2(of[e % 2], of[e % 2 + 2]);
        }
      __syncwarp();
#pragma unroll
      for (int first = 0; first < 16; first += at_once) {
        const int row = first + lane / lanes, column = lane % lanes * 4;
        store(warp_row(thread) + i * 8 + row, warp_column(thread) + column,
              *reinterpret_cast<const float4*>(strip + row * staging_row + column));
      }
      __syncwarp();
    }
  }
};

}  // namespace fastconv
