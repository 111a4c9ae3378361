// The CPU as a device: its memory is the host's, its order of execution the caller's.
#include "plan/device.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>

#include "core/memory.h"
#include "core/shape.h"
#include "core/thread_pool.h"

namespace fastconv {
namespace {

class CpuDevice : public Device {
 public:
  CpuDevice() : Device("cpu") {}
  void* allocate(size_t bytes) override { return allocate_aligned(bytes); }
  void free(void* block, size_t bytes) override { free_aligned(block, bytes); }
  void upload(void* target, const void* host, size_t bytes) override { std::memcpy(target, host, bytes); }
  void download(void* host, const void* source, size_t bytes) override { std::memcpy(host, source, bytes); }
  void copy(void* target, const void* source, size_t bytes) override { std::memcpy(target, source, bytes); }
  void poison(void* block, size_t bytes) override {
    std::fill_n(static_cast<uint32_t*>(block), bytes / 4, 0x7fc0dead);  // a quiet NaN
  }
  bool host_addressable() const override { return true; }
  void synchronize() override {}
  void gather(void* target, const void* source, const TensorDesc& desc, const int64_t* strides) override {
    const size_t element_bytes = dtype_bytes(desc.dtype);
    const int64_t count = element_count(desc);
    for (int64_t i = 0; i < count; ++i) {
      int64_t rest = i, at = 0;
      for (int axis = desc.rank; axis-- > 0; rest /= desc.dims[axis])
        at += rest % desc.dims[axis] * strides[axis];
      std::memcpy(static_cast<char*>(target) + i * element_bytes,
                  static_cast<const char*>(source) + at * static_cast<int64_t>(element_bytes), element_bytes);
    }
  }
  void begin_run(size_t scratch_bytes_per_thread) override {
    reserve_scratch(scratch_bytes_per_thread);
    flush_.emplace();
  }
  void end_run() noexcept override { flush_.reset(); }
  double seconds_of(const std::function<void()>& work) override {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

 private:
  std::optional<FlushDenormals> flush_;
};

const bool registered = (register_device(std::make_unique<CpuDevice>()), true);

}  // namespace
}  // namespace fastconv
