// Picks the instance of a kernel that a problem runs with: tile by cost, width of the copies by what the channels allow.
#pragma once
#include <algorithm>

#include "cuda/gemm/kernels.cuh"

namespace fastconv {

template <class Problem>
void launch_gemm(void (*kernel)(Problem), int64_t tiles, int phases, int threads, size_t shared_bytes,
                 const Problem& problem, cudaStream_t stream) {
  if (shared_bytes > 48 * 1024) allow_shared_bytes(reinterpret_cast<const void*>(kernel), shared_bytes);
  const dim3 blocks(static_cast<unsigned>(tiles), problem.groups * problem.splits, phases);
  launch(kernel, blocks, threads, shared_bytes, stream, problem);
}

template <class Tile, int VECTOR_A, int VECTOR_B>
void launch_gather(const GatherGemm& problem, cudaStream_t stream) {
  int rows = 0;
  for (int i = 0; i < problem.phase_count; ++i) rows = std::max(rows, problem.phases[i].rows);
  const int64_t tiles = int64_t{blocks_for(rows, Tile::rows)} * blocks_for(problem.columns, Tile::columns);
  launch_gemm(gather_gemm<Tile, VECTOR_A, VECTOR_B>, tiles, problem.phase_count, Tile::threads,
              gather_shared_bytes<Tile>, problem, stream);
}

template <class Tile, int VECTOR_A, int VECTOR_B>
void launch_filter(const FilterGemm& problem, cudaStream_t stream) {
  const int64_t tiles =
      int64_t{blocks_for(problem.rows, Tile::rows)} * blocks_for(problem.columns, Tile::columns);
  launch_gemm(filter_gemm<Tile, VECTOR_A, VECTOR_B>, tiles, 1, Tile::threads, filter_shared_bytes<Tile>,
              problem, stream);
}

// Copies of 16 bytes.  FMA units gain nothing by instances for one tap: their copies are few beside the products.
template <class Tile>
void launch_gather_by_16_bytes(const GatherGemm& problem, cudaStream_t stream) {
  if constexpr (!Tile::rereads)
    if (problem.group_channels.divisor % Tile::k == 0)
      return launch_gather<Tile, one_tap, 4>(problem, stream);
  launch_gather<Tile, 4, 4>(problem, stream);
}
template <class Tile>
void launch_filter_by_16_bytes(const FilterGemm& problem, cudaStream_t stream) {
  if constexpr (!Tile::rereads)
    if (problem.group_channels.divisor % rows_of_tap == 0)
      return launch_filter<Tile, one_tap, 4>(problem, stream);
  launch_filter<Tile, 4, 4>(problem, stream);
}

template <template <int, int> class Tile>
void run_gather(const GatherGemm& problem, cudaStream_t stream) {
  const GemmTile tile = choose_tile(problem, Tile<64, 64>::units).tile;
  const bool a = a_by_16_bytes(problem), b = b_by_16_bytes(problem);
  if (tile.columns == 128) return launch_gather_by_16_bytes<Tile<128, 128>>(problem, stream);
  if (tile.columns == 32) return launch_gather_by_16_bytes<Tile<128, 32>>(problem, stream);
  if (tile.rows == 128 && a) return launch_gather_by_16_bytes<Tile<128, 64>>(problem, stream);
  if (tile.rows == 128) return launch_gather<Tile<128, 64>, 1, 4>(problem, stream);
  if (a && b) return launch_gather_by_16_bytes<Tile<64, 64>>(problem, stream);
  if (b) return launch_gather<Tile<64, 64>, 1, 4>(problem, stream);
  if (a) return launch_gather<Tile<64, 64>, 4, 1>(problem, stream);
  launch_gather<Tile<64, 64>, 1, 1>(problem, stream);
}

template <template <int, int> class Tile>
void run_filter(const FilterGemm& problem, cudaStream_t stream) {
  const GemmTile tile = choose_tile(problem, Tile<64, 64>::units).tile;
  const bool a = a_by_16_bytes(problem), b = b_by_16_bytes(problem);
  if (tile.columns == 128) return launch_filter_by_16_bytes<Tile<128, 128>>(problem, stream);
  if (tile.rows == 128) return launch_filter_by_16_bytes<Tile<128, 64>>(problem, stream);
  if (a && b) return launch_filter_by_16_bytes<Tile<64, 64>>(problem, stream);
  if (b) return launch_filter<Tile<64, 64>, 1, 4>(problem, stream);
  if (a) return launch_filter<Tile<64, 64>, 4, 1>(problem, stream);
  launch_filter<Tile<64, 64>, 1, 1>(problem, stream);
}

}  // namespace fastconv
