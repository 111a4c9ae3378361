// Matrix products of float32 factors as they are, on FMA units.
#include "cuda/gemm/fma_tile.cuh"
#include "cuda/gemm/launch.cuh"

namespace fastconv {

void run_gather_float32(const GatherGemm& problem, cudaStream_t stream) {
  run_gather<FmaTile>(problem, stream);
}
void run_filter_float32(const FilterGemm& problem, cudaStream_t stream) {
  run_filter<FmaTile>(problem, stream);
}

}  // namespace fastconv
