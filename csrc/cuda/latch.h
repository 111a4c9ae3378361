// The latch of a plan's closing block (csrc/plan/plan.h).
#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>

namespace fastconv {

// *latch becomes 0 where *gate is 0.
void shut_latch(uint8_t* latch, const uint8_t* gate, cudaStream_t stream);

}  // namespace fastconv
