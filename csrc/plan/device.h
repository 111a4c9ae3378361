// What a device is to a plan: memory, copies, an order of execution.  The plan knows no device by name.
#pragma once
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace fastconv {

class Device {
 public:
  explicit Device(std::string name) : name_(std::move(name)) {}
  virtual ~Device() = default;
  const std::string& name() const { return name_; }

  virtual void* allocate(size_t bytes) = 0;
  virtual void free(void* block, size_t bytes) = 0;
  virtual void upload(void* target, const void* host, size_t bytes) = 0;
  virtual void download(void* host, const void* source, size_t bytes) = 0;
  virtual bool host_addressable() const = 0;  // feeds are read where they are, results viewed where they are
  virtual void synchronize() = 0;
  virtual void begin_run(size_t scratch_bytes_per_thread) = 0;  // before the first step of a run
  virtual void end_run() noexcept = 0;

  // One arena for all plans of the device, grown to the largest; a run holds the lock.
  std::mutex& run_lock() { return run_lock_; }
  void* arena(size_t bytes);
  void release_arena();  // under run_lock
  size_t arena_bytes() const { return arena_bytes_; }

 private:
  std::string name_;
  std::mutex run_lock_;
  void* arena_ = nullptr;
  size_t arena_bytes_ = 0;
};

void register_device(std::unique_ptr<Device> device);
Device& device(const std::string& name);  // throws Error(device)
std::vector<std::string> device_names();

// Memory of one tensor on a device; `version` changes with every write.
class Buffer {
 public:
  Buffer(Device& device, const TensorDesc& desc);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  Device& device() const { return device_; }
  const TensorDesc& desc() const { return desc_; }
  size_t bytes() const { return bytes_; }
  void* data() const { return data_; }
  uint64_t version() const { return version_; }
  void touch() { ++version_; }

 private:
  Device& device_;
  TensorDesc desc_;
  size_t bytes_;
  void* data_;
  uint64_t version_ = 0;
};

}  // namespace fastconv
