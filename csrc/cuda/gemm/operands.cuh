// Global to shared memory: the three ways in which operands are fetched, and how they lie there.
//
// Shared-memory tiles and their swizzles (a chunk is 16 bytes; 8 chunks span the 32 banks):
//   K-major   [rows][64 bytes]: two rows fill 128 bytes, so the bank group is (row & 1) * 4 + chunk.  Chunk c lies at
//             c ^ ((row >> 1) & 3): any 8 consecutive rows read at one chunk touch 8 different bank groups.
//   MN-major  [k][rows or columns]: a row is a multiple of 128 bytes, so the bank group is chunk & 7.
//             FMA units read along a row: as it is.  TF32 fragments are 4 k by 8 columns of 4 bytes, that is chunks
//             c and c + 1 with c even: chunk c lies at c ^ ((k & 3) << 1), so that the four pairs touch all 32 banks.
#pragma once
#include "cuda/gemm/problem.h"
#include "cuda/gemm/ptx.cuh"

namespace fastconv {

template <class Element>
constexpr int chunk_elements = 16 / sizeof(Element);
template <class Element>
constexpr int block_k = 64 / sizeof(Element);
static_assert(block_k<float> == gemm_block_k);

template <class Element>
__device__ __forceinline__ int k_major(int row, int k) {
  constexpr int chunk = chunk_elements<Element>;
  return row * block_k<Element> + ((k / chunk) ^ ((row >> 1) & 3)) * chunk + k % chunk;
}
constexpr int k_major_period = 8;  // rows so far apart are swizzled alike

enum class Swizzle { none, pairs_of_k };
template <class Element, int ROW, Swizzle SWIZZLE>
__device__ __forceinline__ int mn_major(int k, int column) {
  int chunk = column / chunk_elements<Element>;
  if constexpr (SWIZZLE == Swizzle::pairs_of_k) chunk ^= (k & 3) << 1;
  return k * ROW + chunk * chunk_elements<Element> + column % chunk_elements<Element>;
}

// VECTOR elements from global to shared memory, zeros where not `valid`; the address is clamped then.
template <int VECTOR, class Element>
__device__ __forceinline__ void copy_to_shared(Element* target, const Element* tensor, int offset,
                                               bool valid) {
  // unsigned: one multiplication makes the address, where a sign would have to be extended
  cp_async<VECTOR * sizeof(Element)>(shared_address(target),
                                     tensor + static_cast<unsigned>(valid ? offset : 0), valid);
}

__device__ __forceinline__ bool inside(int h, int w, int height, int width) {
  return static_cast<unsigned>(h) < static_cast<unsigned>(height) &&
         static_cast<unsigned>(w) < static_cast<unsigned>(width);
}

// A row above every image: what is there reads as zeros.  Rows of origins are packed in 16 bits.
constexpr int no_row = 1 << 20, no_origin = 0x7fff;

// Where the first tap of an output pixel lies in A: offset of its first channel, and (row << 16 | column).
__device__ __forceinline__ int2 gather_origin(const GatherGemm& p, const GatherPhase& phase, int m,
                                              int group) {
  if (m >= phase.rows) return make_int2(0, no_origin << 16);
  const int n = m / phase.pixels, pixel = m - n * phase.pixels;
  const int i = pixel / phase.columns, j = pixel - i * phase.columns;
  const int h = i * p.a_stride_h + phase.a_row + phase.tap_row;
  const int w = j * p.a_stride_w + phase.a_column + phase.tap_column;
  const int first_channel = group * static_cast<int>(p.group_channels.divisor);
  return make_int2(((n * p.a_height + h) * p.a_width + w) * p.a_channels + first_channel,
                   (h << 16) | (w & 0xffff));
}

// Where it is written in D: offset of its channel 0; -1 for none.
__device__ __forceinline__ int gather_target(const GatherGemm& p, const GatherPhase& phase, int m) {
  if (m >= phase.rows) return -1;
  const int n = m / phase.pixels, pixel = m - n * phase.pixels;
  const int i = pixel / phase.columns, j = pixel - i * phase.columns;
  const int h = i * p.d_stride_h + phase.d_row, w = j * p.d_stride_w + phase.d_column;
  return ((n * p.d_height + h) * p.d_width + w) * p.d_channels;
}

// The copy of what lies `delta` elements, h rows and w columns behind an origin.
template <int VECTOR, class Problem, class Element>
__device__ __forceinline__ void copy_gathered(const Problem& p, const int2& origin, int h, int w, int delta,
                                              Element* target) {
  const bool valid = inside((origin.y >> 16) + h, static_cast<short>(origin.y) + w, p.a_height, p.a_width);
  copy_to_shared<VECTOR>(target, p.a, origin.x + delta, valid);
}

// How the threads share the copies of a K-major tile: each keeps one k and walks down the rows.
template <class Element, int ROWS, int THREADS, int VECTOR>
struct KMajorCopies {
  static constexpr int across = block_k<Element> / VECTOR, step = THREADS / across, copies = ROWS / step;
  static_assert(THREADS % across == 0 && ROWS % step == 0, "the tile does not divide among the threads");
};

// The origins of a thread's rows, read from shared memory copy by copy, or, where registers are left, once.
struct SharedOrigins {
  const int2* origins;
  __device__ __forceinline__ int2 operator()(int row, int) const { return origins[row]; }
};
template <class Copies>
struct OwnOrigins {
  int2 origins[Copies::copies];
  __device__ __forceinline__ OwnOrigins(const int2* of_block, int thread) {
#pragma unroll
    for (int i = 0; i < Copies::copies; ++i)
      origins[i] = of_block[thread / Copies::across + i * Copies::step];
  }
  __device__ __forceinline__ int2 operator()(int, int i) const { return origins[i]; }
};

// Rows x block_k of A for k from first_k on, K-major.  A thread decodes the tap of its k once; the origins of the rows
// the block has prepared.
template <class Element, int ROWS, int THREADS, int VECTOR, class Origins>
__device__ __forceinline__ void gather_rows(const GatherGemm& p, const GatherPhase& phase,
                                            const Origins& origins, int first_k, int depth, Element* tile,
                                            int thread) {
  using Copies = KMajorCopies<Element, ROWS, THREADS, VECTOR>;
  constexpr int across = Copies::across, step = Copies::step, copies = Copies::copies;
  const int row = thread / across, column = thread % across * VECTOR, k = first_k + column;
  const int tap = p.group_channels.divide(k), channel = k - tap * static_cast<int>(p.group_channels.divisor);
  const int r = phase.tap_columns.divide(tap), s = tap - r * static_cast<int>(phase.tap_columns.divisor);
  const int tap_h = r * p.tap_step_h, tap_w = s * p.tap_step_w;  // from the first one
  const int delta = (tap_h * p.a_width + tap_w) * p.a_channels + channel;
  const int h = k < depth ? tap_h : no_row;
#pragma unroll(copies < 4 ? copies : 4)
  for (int i = 0; i < copies; ++i) {
    Element* const target = step % k_major_period == 0
                                ? tile + k_major<Element>(row, column) + i * step * block_k<Element>
                                : tile + k_major<Element>(row + i * step, column);
    copy_gathered<VECTOR>(p, origins(row + i * step, i), h, tap_w, delta, target);
  }
}

// block_k x COLUMNS of a row-major matrix from (first_k, first_column) on; zeros from row `depth`, column `columns` on,
// where columns count from `first_column`.  `matrix_row`: the row of the matrix that is k = 0.
template <class Element, int COLUMNS, int THREADS, int VECTOR, Swizzle SWIZZLE>
__device__ __forceinline__ void matrix_rows(const Element* matrix, int leading, int matrix_row,
                                            int first_column, int columns, int first_k, int depth,
                                            Element* tile, int thread) {
  constexpr int across = COLUMNS / VECTOR, step = THREADS / across, copies = block_k<Element> / step;
  static_assert(THREADS % across == 0 && block_k<Element> % step == 0,
                "the tile does not divide among the threads");
  const int row = thread / across, column = thread % across * VECTOR;
  const int offset = (matrix_row + first_k + row) * leading + first_column + column;
  const int rows_left = column < columns ? depth - first_k - row : 0;
#pragma unroll(copies < 4 ? copies : 4)
  for (int i = 0; i < copies; ++i)
    copy_to_shared<VECTOR>(tile + mn_major<Element, COLUMNS, SWIZZLE>(row + i * step, column), matrix,
                           offset + i * step * leading, i * step < rows_left);
}

// The filter gradient's A, MN-major: block_k pixels x ROWS of (r, s, c).  Here a thread keeps its tap for good, and the
// pixels, whose origins the block prepares tile by tile, move.
struct FilterTap {
  int h, w, delta;

  __device__ __forceinline__ FilterTap(const FilterGemm& p, int m, int group) {
    const int channels = static_cast<int>(p.group_channels.divisor);
    const int tap = p.group_channels.divide(m), channel = m - tap * channels;
    const int r = p.tap_columns.divide(tap), s = tap - r * static_cast<int>(p.tap_columns.divisor);
    h = m < p.rows ? r * p.tap_step_h : no_row;
    w = s * p.tap_step_w;
    delta = (r * p.tap_step_h * p.a_width + w) * p.a_channels + group * channels + channel;
  }
};

// Where a pixel of the sum begins in A.
__device__ __forceinline__ int2 pixel_origin(const FilterGemm& p, int depth, int pixel) {
  if (pixel >= depth) return make_int2(0, no_origin << 16);
  const int n = p.grid_pixels.divide(pixel), of_image = pixel - n * static_cast<int>(p.grid_pixels.divisor);
  const int i = p.grid_columns.divide(of_image);
  const int j = of_image - i * static_cast<int>(p.grid_columns.divisor);
  const int h = i * p.a_stride_h + p.a_row, w = j * p.a_stride_w + p.a_column;
  return make_int2(((n * p.a_height + h) * p.a_width + w) * p.a_channels, (h << 16) | (w & 0xffff));
}

// READ_AHEAD: all origins before the first copy, so that a copy does not wait for one.
template <class Element, int ROWS, int THREADS, int VECTOR, Swizzle SWIZZLE, bool READ_AHEAD>
__device__ __forceinline__ void gather_pixels(const FilterGemm& p, const FilterTap& tap, const int2* origins,
                                              Element* tile, int thread) {
  constexpr int across = ROWS / VECTOR, step = THREADS / across, copies = block_k<Element> / step;
  static_assert(THREADS % across == 0 && block_k<Element> % step == 0,
                "the tile does not divide among the threads");
  constexpr int at_once = READ_AHEAD && copies < 4 ? copies : READ_AHEAD ? 4 : 1;
  const int row = thread / across, column = thread % across * VECTOR;
#pragma unroll(copies < 4 ? copies : 4 / at_once)
  for (int first = 0; first < copies; first += at_once) {
    int2 own[at_once];
#pragma unroll
    for (int i = 0; i < at_once; ++i) own[i] = origins[row + (first + i) * step];
#pragma unroll
    for (int i = 0; i < at_once; ++i)
      copy_gathered<VECTOR>(p, own[i], tap.h, tap.w, tap.delta,
                            tile + mn_major<Element, ROWS, SWIZZLE>(row + (first + i) * step, column));
  }
}

}  // namespace fastconv
