// CUDA devices: opened when asked for by name, one stream each for work and for uploads.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace fastconv {

constexpr int oldest_driver = 13000, oldest_major = 8;  // what is needed: CUDA 13.0, compute capability 8.0

struct CudaDeviceFacts {
  std::string name;  // "NVIDIA A100-SXM4-40GB"
  int major, minor;  // compute capability
  size_t bytes;
  int multiprocessors;
};

int cuda_device_count();  // throws Error(device) saying what is missing: no driver, an old one, no GPU
CudaDeviceFacts cuda_device_facts(int index);
int cuda_device_of(uintptr_t pointer);  // number of the GPU in whose memory it lies; -1: in none's
int cuda_driver_version();              // 13000 for 13.0; 0 without a driver
int cuda_runtime_version();

// Registers "cuda:<index>" if it is not yet there; throws Error(device) where it cannot be used.
void open_cuda_device(int index);

// Memory of an open device: bytes in use by buffers and plans, bytes kept for reuse, bytes that the driver has left.
struct CudaMemory {
  size_t used, kept, free;
  int64_t blocks;  // in use
};
CudaMemory cuda_memory(int index);
void release_cuda_memory(int index);  // gives what is kept for reuse back to the driver

}  // namespace fastconv
