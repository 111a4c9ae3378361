// Matrix products of factors rounded to TF32, on tensor cores.
#include "cuda/gemm/launch.cuh"
#include "cuda/gemm/mma_tile.cuh"

namespace fastconv {

template <int ROWS, int COLUMNS>
using Tf32Tile = MmaTile<Tf32, ROWS, COLUMNS, ROWS / 2, COLUMNS == 128 ? 64 : 32>;

void run_gather_tf32(const GatherGemm& problem, cudaStream_t stream) {
  run_gather<Tf32Tile>(problem, stream);
}
void run_filter_tf32(const FilterGemm& problem, cudaStream_t stream) {
  run_filter<Tf32Tile>(problem, stream);
}

}  // namespace fastconv
