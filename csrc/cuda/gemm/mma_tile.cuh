// A block's tile on tensor cores, through mma.sync with float32 sums.
//
//   block 128 x 128, 4 warps           warp 64 x 64 = 4 x 8 products of 16 x 8
//   +---------+---------+----- n       A  K-major [m][64 bytes], read by ldmatrix; M-major: 32-bit loads
//   | warp 0  | warp 1  |              B  N-major [k][n], 32-bit loads
//   | 64x64   |         |              D  a lane holds (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1)
//   +---------+---------+                 with g = lane / 4, t = lane % 4
//   | warp 2  | warp 3  |
//   m                                  on the way out 16 rows of a warp at a time pass through shared memory, so
//                                      that a row leaves as whole sectors; rows there are 8 floats longer than the
//                                      warp's, which spreads them over the banks
//
// Registers: 128 sums, 16 of A, 16 of B leave about 90 of 255 for the rest at two blocks of 128 threads a multiprocessor:
// for the second step's factors, read while the first's are multiplied, and for all addresses.
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
  static constexpr int mma_k = 8;
  static constexpr Swizzle swizzle = Swizzle::pairs_of_k;

  static __device__ __forceinline__ void round_left(uint32_t (&a)[4]) {
    round_to_tf32(a[0], a[2]);  // of one row
    round_to_tf32(a[1], a[3]);
  }

  // 16 x 8 of a K-major tile: lanes 0 to 15 name the rows, lanes 16 to 31 the same rows 16 bytes on.
  template <int ROWS>
  class LeftKMajor {
   public:
    __device__ __forceinline__ LeftKMajor(const float* tile, int lane) {
#pragma unroll
      for (int step = 0; step < 2; ++step)
        at_[step] = shared_address(tile + k_major<float>(lane % 16, step * mma_k + lane / 16 * 4));
    }
    __device__ __forceinline__ void read(uint32_t (&a)[4], int row, int k) const {  // row: a multiple of 16
      ldmatrix_x4(a, at_[k / mma_k] + row * block_k<float> * sizeof(float));
      round_left(a);
    }

   private:
    uint32_t at_[2];
  };

  // An MN-major tile: a lane reads at k = lane % 4 and column lane / 4, from multiples of 4 and 8 on.  The swizzle
  // moves chunks within 32 columns, by the lane alone: four addresses serve all.
  template <int ROW>
  class MnMajor {
   public:
    __device__ __forceinline__ MnMajor(const float* tile, int lane) {
#pragma unroll
      for (int eight = 0; eight < 4; ++eight)
        at_[eight] = tile + mn_major<float, ROW, swizzle>(lane % 4, eight * 8 + lane / 4);
    }
    __device__ __forceinline__ uint32_t operator()(int k, int column) const {
      return __float_as_uint(at_[column / 8 % 4][k * ROW + column / 32 * 32]);
    }

   private:
    const float* at_[4];
  };

  template <int ROWS>
  class LeftMMajor : MnMajor<ROWS> {
   public:
    using MnMajor<ROWS>::MnMajor;
    __device__ __forceinline__ void read(uint32_t (&a)[4], int row, int k) const {
#pragma unroll
      for (int i = 0; i < 4; ++i) a[i] = (*this)(k + i / 2 * 4, row + i % 2 * 8);
      round_left(a);
    }
  };

  // 8 x 16: two neighbouring fragments.
  template <int COLUMNS>
  class Right : MnMajor<COLUMNS> {
   public:
    using MnMajor<COLUMNS>::MnMajor;
    __device__ __forceinline__ void read(uint32_t (&b)[4], int column, int k) const {
#pragma unroll
      for (int i = 0; i < 4; ++i) b[i] = (*this)(k + i % 2 * 4, column + i / 2 * 8);
      round_to_tf32(b[0], b[1]);  // of one column
      round_to_tf32(b[2], b[3]);
    }
  };

  static __device__ __forceinline__ void mma(float (&d)[4], const uint32_t (&a)[4], uint32_t b0,
                                             uint32_t b1) {
    mma_tf32(d, a, b0, b1);
  }
};

template <class Format, int ROWS, int COLUMNS, int WARP_ROWS, int WARP_COLUMNS>
struct MmaTile {
  using Element = typename Format::Element;
  static constexpr int rows = ROWS, columns = COLUMNS, k = block_k<Element>;
  static constexpr int warps_across = COLUMNS / WARP_COLUMNS, threads = ROWS / WARP_ROWS * warps_across * 32;
  static_assert(WARP_ROWS % 32 == 0 && WARP_COLUMNS % 32 == 0,
                "readers of fragments count from multiples of 32");
  static constexpr int down = WARP_ROWS / 16, across = WARP_COLUMNS / 8;  // products of 16 x 8
  // 8 warps of 64 x 64, 16 of 64 x 32, 20 of 32 x 32, which have fewer products each to wait behind; for 24 of those 80
  // registers would have to do, and copies by single elements spilled.
  static constexpr int blocks_per_multiprocessor = ROWS * COLUMNS > 128 * 64  ? 2
                                                   : ROWS * COLUMNS > 64 * 64 ? 4
                                                                              : 5;
  static constexpr Swizzle swizzle = Format::swizzle;
  static constexpr bool rereads = false;  // the registers suffice for addresses
  static constexpr int staging_row = WARP_COLUMNS + 8;
  static constexpr size_t staging_bytes = threads / 32 * 16 * staging_row * sizeof(float);

  float sums[down][across][4] = {};

  static __device__ __forceinline__ int warp_row(int thread) {
    return thread / 32 / warps_across * WARP_ROWS;
  }
  static __device__ __forceinline__ int warp_column(int thread) {
    return thread / 32 % warps_across * WARP_COLUMNS;
  }

  template <class Copies>
  __device__ __forceinline__ void multiply_k_major(const Element* a, const Element* b, int thread,
                                                   Copies&& copies) {
    const Element* const rows_of_warp = a + warp_row(thread) * k;
    multiply(typename Format::template LeftKMajor<ROWS>(rows_of_warp, thread % 32), b, thread, copies);
  }
  template <class Copies>
  __device__ __forceinline__ void multiply_m_major(const Element* a, const Element* b, int thread,
                                                   Copies&& copies) {
    const Element* const rows_of_warp = a + warp_row(thread);
    multiply(typename Format::template LeftMMajor<ROWS>(rows_of_warp, thread % 32), b, thread, copies);
  }

  // Hands the tile out as store(row, column, four sums side by side), rows contiguous over the lanes.
  template <bool A_K_MAJOR, class Store>
  __device__ __forceinline__ void drain(float* staging, int thread, Store&& store) const {
    constexpr int lanes = WARP_COLUMNS / 4, at_once = 32 / lanes;  // lanes of a row, rows at once
    const int lane = thread % 32;
    float* strip = staging + thread / 32 * 16 * staging_row;
#pragma unroll
    for (int i = 0; i < down; ++i) {
#pragma unroll
      for (int j = 0; j < across; ++j)
#pragma unroll
        for (int half = 0; half < 2; ++half)
          *reinterpret_cast<float2*>(strip + (lane / 4 + half * 8) * staging_row + j * 8 + lane % 4 * 2) =
              make_float2(sums[i][j][half * 2], sums[i][j][half * 2 + 1]);
      __syncwarp();
#pragma unroll
      for (int first = 0; first < 16; first += at_once) {
        const int row = first + lane / lanes, column = lane % lanes * 4;
        store(warp_row(thread) + i * 16 + row, warp_column(thread) + column,
              *reinterpret_cast<const float4*>(strip + row * staging_row + column));
      }
      __syncwarp();
    }
  }

 private:
  // The copies of a later tile are issued while the first factors are under way.
  template <class Left, class Copies>
  __device__ __forceinline__ void multiply(const Left& left, const Element* b, int thread, Copies&& copies) {
    const typename Format::template Right<COLUMNS> right(b + warp_column(thread), thread % 32);
#pragma unroll
    for (int first = 0; first < k; first += Format::mma_k) {
      uint32_t rows_read[down][4], columns_read[across / 2][4];
#pragma unroll
      for (int i = 0; i < down; ++i) left.read(rows_read[i], i * 16, first);
#pragma unroll
      for (int j = 0; j < across / 2; ++j) right.read(columns_read[j], j * 16, first);
      if (first == 0) copies();
#pragma unroll
      for (int i = 0; i < down; ++i)
#pragma unroll
        for (int j = 0; j < across; ++j)
          Format::mma(sums[i][j], rows_read[i], columns_read[j / 2][j % 2 * 2],
                      columns_read[j / 2][j % 2 * 2 + 1]);
    }
  }
};

}  // namespace fastconv
