// Global to shared memory: the three ways in which operands are fetched, and how they lie there.
//
// Shared-memory tiles and their swizzles (a chunk is 16 bytes; 8 chunks span the 32 banks):
//   K-major   [rows][64 or 128 bytes]: the bank group is chunk & 7, and in every second row of 64 bytes four more.  Chunk
//             c lies at c ^ ((row >> 1) & 3) or c ^ (row & 7): any 8 consecutive rows read at one chunk touch 8 different
//             bank groups.
//   MN-major  [k][rows or columns]: a row is a multiple of 128 bytes, so the bank group is chunk & 7.
//             FMA units read along a row: as it is.  TF32 fragments are 4 k by 8 columns of 4 bytes, that is chunks
//             c and c + 1 with c even: chunk c lies at c ^ ((k & 3) << 1), so that the four pairs touch all 32 banks.
#pragma once
#include "cuda/gemm/problem.h"
#include "cuda/gemm/ptx.cuh"

namespace fastconv {

template <class Element>
constexpr int chunk_elements = 16 / sizeof(Element);

// Elements of a copy: 1, a chunk, or a chunk where moreover the k of a K-major tile of A have one tap, and 64 rows of an
// M-major one, so that a thread needs one place for several copies.
constexpr int one_tap = 8, rows_of_tap = 64;
template <class Element, int VECTOR>
constexpr int copied_elements = VECTOR == one_tap ? chunk_elements<Element> : VECTOR;
template <class Element, int K>
__device__ __forceinline__ int k_major(int row, int k) {
  constexpr int chunk = chunk_elements<Element>, chunks = K / chunk;
  static_assert(chunks == 4 || chunks == 8);
  return row * K + ((k / chunk) ^ (row / (8 / chunks) % chunks)) * chunk + k % chunk;
}
constexpr int k_major_period = 8;  // rows so far apart are swizzled alike

enum class Swizzle { none, pairs_of_k };
template <class Element, int ROW, Swizzle SWIZZLE>
__device__ __forceinline__ int mn_major(int k, int column) {
  int chunk = column / chunk_elements<Element>;
  if constexpr (SWIZZLE == Swizzle::pairs_of_k) chunk ^= (k & 3) << 1;
  return k * ROW + chunk * chunk_elements<Element> + column % chunk_elements<Element>;
}

// Inside an image neither half of a place is negative, nor of `limits - place`: none has its highest bit.  (A negative
// column borrows from the row, and is outside whatever that says.)
__device__ __forceinline__ bool inside(uint32_t place, uint32_t limits_less_place) {
  return ((place | limits_less_place) & 0x80008000u) == 0;
}
// Above every image, also at the tap or pixel furthest below: sides have up to 16000 pixels.
constexpr uint32_t nowhere = place_of(-0x4000, 0);

// Where the first tap of an output pixel lies.
__device__ __forceinline__ Position gather_origin(const GatherGemm& p, const GatherPhase& phase, int m,
                                                  int group) {
  if (m >= phase.rows) return {0, nowhere};
  const int n = m / phase.pixels, pixel = m - n * phase.pixels;
  const int i = pixel / phase.columns, j = pixel - i * phase.columns;
  const int h = i * p.a_stride_h + phase.a_row + phase.tap_row;
  const int w = j * p.a_stride_w + phase.a_column + phase.tap_column;
  const int first_channel = group * static_cast<int>(p.group_channels.divisor);
  const int offset = ((n * p.a_height + h) * p.a_width + w) * p.a_channels + first_channel;
  return {static_cast<uint32_t>(offset), place_of(h, w)};
}

// Where it is written in D: offset of its channel 0; -1 for none.
__device__ __forceinline__ int gather_target(const GatherGemm& p, const GatherPhase& phase, int m) {
  if (m >= phase.rows) return -1;
  const int n = m / phase.pixels, pixel = m - n * phase.pixels;
  const int i = pixel / phase.columns, j = pixel - i * phase.columns;
  const int h = i * p.d_stride_h + phase.d_row, w = j * p.d_stride_w + phase.d_column;
  return ((n * p.d_height + h) * p.d_width + w) * p.d_channels;
}

// How the threads share the copies of a K-major tile: each keeps one k, of one tap two that lie half a row apart, and
// walks down the rows.
template <class Element, int ROWS, int K, int THREADS, int VECTOR>
struct KMajorCopies {
  static constexpr int vector = copied_elements<Element, VECTOR>;
  static constexpr int apart = VECTOR == one_tap ? K / 2 : K, of_row = K / apart;  // copies of a row
  static constexpr int across = apart / vector, step = THREADS / across, down = ROWS / step;
  static_assert(THREADS % across == 0 && ROWS % step == 0, "the tile does not divide among the threads");

  // Half rows of 128 bytes: those of rows four apart, side by side, go to all banks.
  static __device__ __forceinline__ int row(int thread) {
    const int i = thread / across;
    return of_row > 1 ? (i & ~7) | (i & 1) << 2 | (i >> 1 & 3) : i;
  }
  static __device__ __forceinline__ int column(int thread) { return thread % across * vector; }
};

// The origins of a thread's rows, read from shared memory copy by copy, or, where registers are left, once.
template <int AT_ONCE>
struct SharedOrigins {
  static constexpr int at_once = AT_ONCE;  // copies under way together: each takes a few registers
  const Position* origins;
  __device__ __forceinline__ Position operator()(int row, int) const { return origins[row]; }
};
template <class Copies>
struct OwnOrigins {
  static constexpr int at_once = Copies::down;
  Position origins[Copies::down];
  __device__ __forceinline__ OwnOrigins(const Position* of_block, int thread) {
#pragma unroll
    for (int i = 0; i < Copies::down; ++i) origins[i] = of_block[Copies::row(thread) + i * Copies::step];
  }
  __device__ __forceinline__ Position operator()(int, int i) const { return origins[i]; }
};

// ROWS x K of A for k from first_k on, K-major.  A thread decodes the tap of its k once; the origins of the rows the block
// has prepared.
template <class Element, int ROWS, int K, int THREADS, int VECTOR, class Origins>
__device__ __forceinline__ void gather_rows(const GatherGemm& p, const GatherPhase& phase,
                                            const Origins& origins, int first_k, int depth, Element* tile,
                                            int thread) {
  using Copies = KMajorCopies<Element, ROWS, K, THREADS, VECTOR>;
  constexpr int down = Copies::down, step = Copies::step;
  const int row = Copies::row(thread), column = Copies::column(thread);
  const int k = first_k + column;
  const uint32_t tap = p.group_channels.divide(k), r = phase.tap_columns.divide(tap);
  const Position to_k = Position{static_cast<uint32_t>(k), 0} + tap * p.next_tap + r * phase.next_tap_row;
  const uint32_t to_place = k < depth ? to_k.place : nowhere;
#pragma unroll(down < Origins::at_once ? down : Origins::at_once)
  for (int i = 0; i < down; ++i) {
    const Position origin = origins(row + i * step, i);
    const Element* const from = element_at(p.a, origin.offset + to_k.offset);
    const bool valid = inside(origin.place + to_place, p.a_limits - origin.place - to_place);
#pragma unroll
    for (int j = 0; j < Copies::of_row; ++j) {
      const int column_j = column + j * Copies::apart;
      Element* const target = step % k_major_period == 0
                                  ? tile + k_major<Element, K>(row, column_j) + i * step * K
                                  : tile + k_major<Element, K>(row + i * step, column_j);
      cp_async<Copies::vector * sizeof(Element)>(shared_address(target), from + j * Copies::apart, valid);
    }
  }
}

// How the threads share the copies of an MN-major tile: as many rows of k at once as leave so many bytes of each to
// threads side by side.  A thread's copies in a row lie at distances known to the compiler.
template <class Element, int COLUMNS, int K, int THREADS, int VECTOR, int LEAST_BYTES>
struct MnMajorCopies {
  static constexpr int vector = copied_elements<Element, VECTOR>;
  static constexpr int least_across = LEAST_BYTES / sizeof(Element) / vector;
  static constexpr int step = THREADS / least_across < K ? THREADS / least_across : K;  // rows at once
  static constexpr int across = THREADS / step, width = across * vector;
  static constexpr int down = K / step, of_row = COLUMNS / width;  // rows of a thread, copies of each
  static_assert(THREADS % step == 0 && K % step == 0 && COLUMNS % width == 0,
                "the tile does not divide among the threads");

  // Rows k and k + 2 go to threads side by side: of those, but not of k and k + 1, the swizzle sends 64 bytes to all
  // banks.
  static __device__ __forceinline__ int row(int thread) {
    const int i = thread / across;
    return step % 4 == 0 ? (i & ~3) | (i & 1) << 1 | (i >> 1 & 1) : i;
  }
  static __device__ __forceinline__ int column(int thread) { return thread % across * vector; }
};

// K x COLUMNS of a row-major matrix from (first_k, first_column) on; zeros from row `depth`, column `columns` on,
// where columns count from `first_column`.  `matrix_row`: the row of the matrix that is k = 0.
template <class Element, int COLUMNS, int K, int THREADS, int VECTOR, Swizzle SWIZZLE>
__device__ __forceinline__ void matrix_rows(const Element* matrix, int leading, int matrix_row,
                                            int first_column, int columns, int first_k, int depth,
                                            Element* tile, int thread) {
  // Fewer bytes, fewer rows a thread; beyond four copies of a row their limits would take too many registers.
  constexpr int least_bytes = SWIZZLE != Swizzle::none && VECTOR > 1 && COLUMNS <= 64 ? 64 : 128;
  using Copies = MnMajorCopies<Element, COLUMNS, K, THREADS, VECTOR, least_bytes>;
  const int row = Copies::row(thread), column = Copies::column(thread);
  const Element* const matrix_column = matrix + (matrix_row * leading + first_column + column);
#pragma unroll
  for (int i = 0; i < Copies::down; ++i) {
    const int k = first_k + row + i * Copies::step;
    const Element* const from = element_at(matrix_column, k, leading);
#pragma unroll
    for (int j = 0; j < Copies::of_row; ++j) {
      const int column_j = column + j * Copies::width;
      Element* const target = tile + mn_major<Element, COLUMNS, SWIZZLE>(row + i * Copies::step, column_j);
      cp_async<VECTOR * sizeof(Element)>(shared_address(target), from + j * Copies::width,
                                         k < (column_j < columns ? depth : 0));
    }
  }
}

// The filter gradient's A, MN-major: K pixels x ROWS of (r, s, c).  Here a thread keeps its taps for good, and the
// pixels move.
__device__ __forceinline__ Position filter_tap(const FilterGemm& p, int m, int group) {
  const uint32_t tap = p.group_channels.divide(m), r = p.tap_columns.divide(tap);
  const Position to_group{m + group * p.group_channels.divisor, 0};
  const Position at = to_group + tap * p.next_tap + r * p.next_tap_row;
  return {at.offset, m < p.rows ? at.place : nowhere};
}
template <class Element, int ROWS, int K, int THREADS, int VECTOR>
struct FilterTaps {
  using Copies = MnMajorCopies<Element, ROWS, K, THREADS, VECTOR, VECTOR == one_tap ? 64 : 128>;
  static constexpr int copies = VECTOR == one_tap ? rows_of_tap / Copies::width : 1;  // of a tap
  static constexpr int count = Copies::of_row / copies;
  Position taps[count];

  __device__ __forceinline__ FilterTaps(const FilterGemm& p, int first_row, int group, int thread) {
    const int first = first_row + Copies::column(thread);
#pragma unroll
    for (int j = 0; j < count; ++j) taps[j] = filter_tap(p, first + j * copies * Copies::width, group);
  }
};

// Where a pixel of the sum begins.
__device__ __forceinline__ Position pixel_origin(const FilterGemm& p, int depth, int pixel) {
  const uint32_t row = p.grid_columns.divide(pixel), image = p.grid_rows.divide(row);
  const Position at =
      static_cast<uint32_t>(pixel) * p.next_pixel + p.first_pixel + row * p.next_row + image * p.next_image;
  return {at.offset, pixel < depth ? at.place : nowhere};
}

template <class Element, int ROWS, int K, int THREADS, int VECTOR, Swizzle SWIZZLE>
__device__ __forceinline__ void gather_pixels(const FilterGemm& p,
                                              const FilterTaps<Element, ROWS, K, THREADS, VECTOR>& taps,
                                              int first_pixel, int depth, Element* tile, int thread) {
  using Taps = FilterTaps<Element, ROWS, K, THREADS, VECTOR>;
  using Copies = typename Taps::Copies;
  const int row = Copies::row(thread), column = Copies::column(thread);
#pragma unroll(VECTOR == 1 ? 2 : Copies::down)
  for (int i = 0; i < Copies::down; ++i) {
    const Position origin = pixel_origin(p, depth, first_pixel + row + i * Copies::step);
    const uint32_t limits = p.a_limits - origin.place;
#pragma unroll
    for (int j = 0; j < Taps::count; ++j) {
      const Position& tap = taps.taps[j];
      const Element* const from = element_at(p.a, origin.offset + tap.offset);
      const bool valid = inside(origin.place + tap.place, limits - tap.place);
#pragma unroll
      for (int n = 0; n < Taps::copies; ++n) {
        const int column_n = column + (j * Taps::copies + n) * Copies::width;
        Element* const target = tile + mn_major<Element, ROWS, SWIZZLE>(row + i * Copies::step, column_n);
        cp_async<Copies::vector * sizeof(Element)>(shared_address(target), from + n * Copies::width, valid);
      }
    }
  }
}

}  // namespace fastconv
