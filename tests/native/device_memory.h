// Device memory for the native runner.  libfastconv_cuda is opened when a GPU is asked for: without it the runner
// builds and runs all the same.
#pragma once
#include <dlfcn.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "plan/device.h"

namespace fastconv {

class CudaLibrary {
 public:
  CudaLibrary() : handle_(dlopen("libfastconv_cuda.so", RTLD_NOW | RTLD_GLOBAL)) {
    if (!handle_) throw Error(ErrorKind::device, std::string("--device cuda: ") + dlerror());
    expect(function<const char*(int)>("fastconv_cuda_open")(0));
    allocate_ = function<const char*(void**, size_t)>("fastconv_cuda_allocate");
    free_ = function<const char*(void*)>("fastconv_cuda_free");
  }
  Device& device() const { return fastconv::device("cuda:0"); }
  void* allocate(size_t bytes) const {
    void* block = nullptr;
    expect(allocate_(&block, bytes));
    return block;
  }
  void free(void* block) const { free_(block); }

 private:
  template <class Function>
  Function* function(const char* name) const {
    void* found = dlsym(handle_, name);
    if (!found) throw Error(ErrorKind::device, std::string("--device cuda: ") + dlerror());
    return reinterpret_cast<Function*>(found);
  }
  static void expect(const char* message) {
    if (message) throw Error(ErrorKind::device, message);
  }

  void* handle_;  // open until the end: kernels unregister nothing
  const char* (*allocate_)(void**, size_t);
  const char* (*free_)(void*);
};

// A block of its own.  With guards `guard_bytes` of 0xff lie on both sides, and the block itself starts as NaN.
class DeviceMemory {
 public:
  static constexpr size_t guard_bytes = 256;  // keeps the alignment of cudaMalloc

  DeviceMemory(const CudaLibrary& cuda, size_t bytes, bool guarded)
      : cuda_(cuda),
        bytes_(bytes),
        guard_(guarded ? guard_bytes : 0),
        block_(cuda.allocate(bytes + 2 * guard_)) {
    if (guarded) cuda.device().poison(block_, bytes + 2 * guard_);
  }
  DeviceMemory(DeviceMemory&& other) noexcept
      : cuda_(other.cuda_),
        bytes_(other.bytes_),
        guard_(other.guard_),
        block_(std::exchange(other.block_, nullptr)) {}
  DeviceMemory& operator=(DeviceMemory&&) = delete;
  ~DeviceMemory() {
    if (block_) cuda_.free(block_);
  }

  void* data() const { return static_cast<char*>(block_) + guard_; }
  void write(const std::vector<uint8_t>& values) const {
    if (bytes_) cuda_.device().upload(data(), values.data(), bytes_);
  }
  std::vector<uint8_t> read() const {
    std::vector<uint8_t> all(bytes_ + 2 * guard_);
    if (!all.empty()) cuda_.device().download(all.data(), block_, all.size());
    const auto changed = [](uint8_t byte) { return byte != 0xff; };
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(guard_);
    const auto end = begin + static_cast<std::ptrdiff_t>(bytes_);
    if (std::any_of(all.begin(), begin, changed) || std::any_of(end, all.end(), changed))
      throw Error(ErrorKind::data, "wrote outside of its memory");
    return {begin, end};
  }

 private:
  const CudaLibrary& cuda_;
  size_t bytes_, guard_;
  void* block_;
};

}  // namespace fastconv
