// What a device is to a plan: memory, copies, an order of execution.  The plan knows no device by name.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace fastconv {

std::string device_kind(const std::string& name);  // "cuda" of "cuda:1"

class Device {
 public:
  explicit Device(std::string name) : name_(std::move(name)) {}
  virtual ~Device() = default;
  const std::string& name() const { return name_; }        // "cpu", "cuda:1"
  std::string kind() const { return device_kind(name_); }  // "cpu", "cuda": whose kernels it runs

  virtual void* allocate(size_t bytes) = 0;
  virtual void free(void* block, size_t bytes) = 0;
  virtual void upload(void* target, const void* host, size_t bytes) = 0;
  virtual void download(void* host, const void* source, size_t bytes) = 0;
  virtual void copy(void* target, const void* source, size_t bytes) = 0;
  virtual void poison(void* block, size_t bytes) = 0;  // fills it with NaN (tests)
  virtual bool host_addressable() const = 0;  // feeds are read where they are, results viewed where they are
  virtual void synchronize() = 0;

  // Memory of other libraries.  `gather` makes a dense tensor of elements that lie `strides` elements apart.
  // `stream` is another library's order of execution, as DLPack numbers it.
  virtual void gather(void* target, const void* source, const TensorDesc& desc, const int64_t* strides) = 0;
  virtual void wait_for(uintptr_t stream) { (void)stream; }  // what comes here, after what is there
  virtual void let_wait(uintptr_t stream) { (void)stream; }  // the other way round
  // Waits for all work, others' too, so that memory can go back; false where the device is out of reach
  // (lost, or this is a forked child): then nothing may be given back.
  virtual bool settle() noexcept { return true; }

  virtual void begin_run(size_t scratch_bytes_per_thread) = 0;  // before the first step of a run
  virtual void end_run() noexcept = 0;
  virtual void* queue() { return nullptr; }                          // what `Call::queue` gets
  virtual double seconds_of(const std::function<void()>& work) = 0;  // by the device's own clock

  // A feed of a run, where host memory cannot be read: the copy overlaps with the runs under way, so nothing of them
  // may use `target`.  `host` may be changed as soon as this returns.
  virtual void upload_feed(void* target, const void* host, size_t bytes) { upload(target, host, bytes); }
  // The same behind the runs under way, which may use `target`; the host does not wait for them.
  virtual void upload_behind(void* target, const void* host, size_t bytes) { upload(target, host, bytes); }

  // What the host will want to know of work under way: a byte of the device's memory, copied in the order of the work.
  class Message {
   public:
    virtual ~Message() = default;
    virtual void send(const uint8_t* byte) = 0;  // null: only that the work came so far
    virtual uint8_t wait() = 0;                  // until it is there; 1 where no byte was sent
  };
  virtual std::unique_ptr<Message> message();
  // *latch becomes 0 where *gate is 0, in the order of the work; both in the device's memory.
  virtual void latch(uint8_t* latch, const uint8_t* gate);

  // Devices that can record a sequence of launches and replay it with one call.  Null where another thread's call
  // ended the recording: nothing has run then.
  class Recording {
   public:
    virtual ~Recording() = default;
    virtual void replay() = 0;
  };
  virtual bool records() const { return false; }
  virtual std::unique_ptr<Recording> record(const std::function<void()>& work);

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
  // Over memory of somebody else, who is kept alive until the device has done what reads it.
  Buffer(Device& device, const TensorDesc& desc, void* data, std::shared_ptr<void> owner);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  Device& device() const { return device_; }
  const TensorDesc& desc() const { return desc_; }
  size_t bytes() const { return bytes_; }
  void* data() const { return data_; }
  uint64_t version() const { return version_; }
  void touch() { ++version_; }
  void share() { shared_ = true; }  // others see the memory: before it is used anew, their work is waited for

 private:
  Device& device_;
  TensorDesc desc_;
  size_t bytes_;
  void* data_;
  std::shared_ptr<void> owner_;  // null: the memory is this buffer's own
  bool shared_ = false;
  uint64_t version_ = 0;
};

}  // namespace fastconv
