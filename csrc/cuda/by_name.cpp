// What the native runner of the case tables (tests/native/runner.cpp) looks up by name, so that it builds without CUDA.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <exception>
#include <string>

#include "cuda/check.h"
#include "cuda/device.h"

namespace {

// The message of what `work` throws, alive until the next call; nothing when all went well.
template <class Work>
const char* message_of(const Work& work) {
  static thread_local std::string message;
  try {
    work();
    return nullptr;
  } catch (const std::exception& error) {
    message = error.what();
    return message.c_str();
  }
}

}  // namespace

extern "C" {

const char* fastconv_cuda_open(int index) {
  return message_of([&] { fastconv::open_cuda_device(index); });
}

// A block of its own of exactly `bytes`: checkers of memory see the first byte behind it.
const char* fastconv_cuda_allocate(void** block, size_t bytes) {
  return message_of([&] { CUDA_CHECK(cudaMalloc(block, std::max<size_t>(bytes, 1))); });
}

const char* fastconv_cuda_free(void* block) {
  return message_of([&] { CUDA_CHECK(cudaFree(block)); });
}

}  // extern "C"
