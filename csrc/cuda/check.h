// Every call of the CUDA runtime goes through CUDA_CHECK, which turns its errors into fastconv's.
#pragma once
#include <cuda_runtime_api.h>

namespace fastconv {

// Throws Error(out_of_memory) or Error(device), naming the call and saying what to do.
[[noreturn]] void raise_cuda(cudaError_t error, const char* call, const char* file, int line);

inline void check_cuda(cudaError_t error, const char* call, const char* file, int line) {
  if (error != cudaSuccess) raise_cuda(error, call, file, line);
}

}  // namespace fastconv

#define CUDA_CHECK(call) ::fastconv::check_cuda((call), #call, __FILE__, __LINE__)
