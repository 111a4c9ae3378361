#include "cuda/device.h"

#include <cuda_runtime_api.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <mutex>

#include "core/error.h"
#include "core/parallel.h"
#include "core/shape.h"
#include "cuda/check.h"
#include "cuda/gather.h"
#include "cuda/latch.h"
#include "plan/device.h"

namespace fastconv {

extern std::atomic<int64_t> cuda_launches;
std::atomic<int64_t> cuda_launches{0};

namespace {

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string megabytes(size_t bytes) { return std::to_string(bytes / 1000000) + " MB"; }

bool poisons_the_context(cudaError_t error) {
  switch (error) {
    case cudaErrorIllegalAddress:
    case cudaErrorMisalignedAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorLaunchFailure:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorECCUncorrectable:
    case cudaErrorUnknown:
    case cudaErrorDevicesUnavailable: return true;
    default: return false;
  }
}

std::string advice(cudaError_t error) {
  switch (error) {
    case cudaErrorInsufficientDriver:
      return "the driver is older than CUDA " + version_text(oldest_driver) +
             ". Install driver 580 or newer, or use fastconv.set_device('cpu').";
    case cudaErrorNoDevice:
      return "no GPU was found. Look at nvidia-smi and CUDA_VISIBLE_DEVICES, or use "
             "fastconv.set_device('cpu').";
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorUnsupportedPtxVersion:
      return "these kernels were not built for this GPU. Build with FASTCONV_CUDA_ARCHS=release, or install "
             "a newer "
             "driver.";
    default:
      return poisons_the_context(error)
                 ? "the device cannot be used any more in this process. Start it anew; the CPU stays usable "
                   "(fastconv.set_device('cpu'))."
                 : "use fastconv.set_device('cpu') meanwhile.";
  }
}

}  // namespace

void raise_cuda(cudaError_t error, const char* call, const char* file, int line) {
  cudaGetLastError();  // what is not sticky must not come up again in the next call
  const char* slash = std::strrchr(file, '/');
  const std::string where = std::string(slash ? slash + 1 : file) + ":" + std::to_string(line);
  const std::string what = std::string(cudaGetErrorName(error)) + " (" + cudaGetErrorString(error) +
                           ") from " + std::string(call).substr(0, std::string(call).find('(')) + " at " +
                           where;
  if (error == cudaErrorMemoryAllocation)
    throw Error(ErrorKind::out_of_memory, "CUDA: " + what + ". Use a smaller batch.");
  throw Error(ErrorKind::device, "CUDA: " + what + ": " + advice(error));
}

int cuda_driver_version() {
  int version = 0;
  return cudaDriverGetVersion(&version) == cudaSuccess ? version : 0;
}

int cuda_runtime_version() {
  int version = 0;
  CUDA_CHECK(cudaRuntimeGetVersion(&version));
  return version;
}

namespace {

// The driver's state does not survive a fork: every call in the child would fail, or harm the parent.
bool is_forked_child() {
  static const pid_t first_user = getpid();
  return getpid() != first_user;
}

void refuse_in_forked_child(const std::string& who) {
  if (is_forked_child())
    throw Error(
        ErrorKind::device,
        who +
            ": CUDA cannot be used in a process that was forked after its first use. Start workers with "
            "multiprocessing's 'spawn', fork before the first use of the device, or use "
            "fastconv.set_device('cpu').");
}

}  // namespace

int cuda_device_count() {
  refuse_in_forked_child("cuda");
  const int driver = cuda_driver_version();
  if (driver == 0)
    throw Error(ErrorKind::device,
                "cuda: expected an NVIDIA driver (580 or newer); none was found. Install one, or use "
                "fastconv.set_device('cpu').");
  if (driver < oldest_driver)
    throw Error(ErrorKind::device, "cuda: expected a driver for CUDA " + version_text(oldest_driver) +
                                       " or newer (580 or newer); came one for CUDA " + version_text(driver) +
                                       ". Install a newer driver, or use fastconv.set_device('cpu').");
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaErrorNoDevice || (error == cudaSuccess && count == 0)) {
    cudaGetLastError();
    throw Error(
        ErrorKind::device,
        "cuda: expected a GPU; the driver sees none. Look at nvidia-smi and CUDA_VISIBLE_DEVICES, or use "
        "fastconv.set_device('cpu').");
  }
  check_cuda(error, "cudaGetDeviceCount", __FILE__, __LINE__);
  return count;
}

int cuda_device_of(uintptr_t pointer) {
  cuda_device_count();  // says what is missing
  cudaPointerAttributes found;
  CUDA_CHECK(cudaPointerGetAttributes(&found, reinterpret_cast<const void*>(pointer)));
  const bool on_gpu = found.type == cudaMemoryTypeDevice || found.type == cudaMemoryTypeManaged;
  return on_gpu ? found.device : -1;
}

CudaDeviceFacts cuda_device_facts(int index) {
  cudaDeviceProp found;
  CUDA_CHECK(cudaGetDeviceProperties(&found, index));
  return {found.name, found.major, found.minor, found.totalGlobalMem, found.multiProcessorCount};
}

namespace {

// Pinned memory through which one feed after another travels.
struct Staging {
  void* host = nullptr;
  size_t bytes = 0;
  cudaEvent_t sent = nullptr;  // the copy out of it is over
};

class CudaRecording : public Device::Recording {
 public:
  CudaRecording(cudaGraphExec_t graph, cudaStream_t stream) : graph_(graph), stream_(stream) {}
  ~CudaRecording() override {
    if (!is_forked_child()) cudaGraphExecDestroy(graph_);
  }
  void replay() override {
    ++cuda_launches;
    CUDA_CHECK(cudaGraphLaunch(graph_, stream_));
  }

 private:
  cudaGraphExec_t graph_;
  cudaStream_t stream_;
};

constexpr size_t staged_piece = size_t{4} << 20, copied_at_once = size_t{256} << 10;

void copy_by_all_threads(char* target, const char* source, size_t bytes) {
  parallel(static_cast<int64_t>((bytes + copied_at_once - 1) / copied_at_once), [=](int64_t task, int) {
    const size_t begin = static_cast<size_t>(task) * copied_at_once;
    std::memcpy(target + begin, source + begin, std::min(copied_at_once, bytes - begin));
  });
}

// An event that keeps the time.
class TimedEvent {
 public:
  TimedEvent() { CUDA_CHECK(cudaEventCreate(&event_)); }
  ~TimedEvent() { cudaEventDestroy(event_); }
  TimedEvent(const TimedEvent&) = delete;
  TimedEvent& operator=(const TimedEvent&) = delete;
  operator cudaEvent_t() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

// A call that a recording does not allow ends it, whichever thread makes it.
bool recording_was_ended(cudaError_t error) {
  return error >= cudaErrorStreamCaptureUnsupported && error <= cudaErrorCapturedEvent;
}

class CudaMessage : public Device::Message {
 public:
  explicit CudaMessage(cudaStream_t stream) : stream_(stream) {
    CUDA_CHECK(cudaEventCreateWithFlags(&arrived_, cudaEventDisableTiming));
    const cudaError_t error = cudaMallocHost(reinterpret_cast<void**>(&byte_), 1);
    if (error != cudaSuccess) cudaEventDestroy(arrived_);
    check_cuda(error, "cudaMallocHost", __FILE__, __LINE__);
  }
  ~CudaMessage() override {
    if (is_forked_child()) return;
    cudaEventDestroy(arrived_);
    cudaFreeHost(byte_);
  }
  void send(const uint8_t* byte) override {
    if (byte)
      CUDA_CHECK(cudaMemcpyAsync(byte_, byte, 1, cudaMemcpyDeviceToHost, stream_));
    else
      *byte_ = 1;
    CUDA_CHECK(cudaEventRecord(arrived_, stream_));
  }
  uint8_t wait() override {
    refuse_in_forked_child("cuda");
    CUDA_CHECK(cudaEventSynchronize(arrived_));
    return *byte_;
  }

 private:
  cudaStream_t stream_;
  cudaEvent_t arrived_ = nullptr;
  uint8_t* byte_ = nullptr;  // pinned
};

class CudaDevice : public Device {
 public:
  explicit CudaDevice(int index) : Device("cuda:" + std::to_string(index)), index_(index) {
    use();
    CUDA_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
    CUDA_CHECK(cudaStreamCreateWithFlags(&uploads_, cudaStreamNonBlocking));
    CUDA_CHECK(cudaEventCreateWithFlags(&idle_, cudaEventDisableTiming));
    for (Staging& staging : stagings_)
      CUDA_CHECK(cudaEventCreateWithFlags(&staging.sent, cudaEventDisableTiming));
    const char* wish = std::getenv("FASTCONV_CUDA_GRAPH");
    records_ = !(wish && std::string(wish) == "0");
  }

  void* allocate(size_t bytes) override {
    use();
    const size_t size = rounded(bytes);
    const std::lock_guard<std::mutex> lock(memory_lock_);
    void* block = reused(size);
    if (!block) block = fresh(size);
    used_ += size, ++blocks_;
    return block;
  }

  void free(void* block, size_t bytes) override {
    if (!block || is_forked_child()) return;
    const size_t size = rounded(bytes);
    const std::lock_guard<std::mutex> lock(memory_lock_);
    kept_.emplace(size, block);  // whoever gets it next works behind us in the same stream
    kept_bytes_ += size, used_ -= size, --blocks_;
  }

  void upload(void* target, const void* host, size_t bytes) override {
    use();
    CUDA_CHECK(cudaMemcpyAsync(target, host, bytes, cudaMemcpyHostToDevice, stream_));
    CUDA_CHECK(cudaStreamSynchronize(stream_));
  }
  void download(void* host, const void* source, size_t bytes) override {
    use();
    CUDA_CHECK(cudaMemcpyAsync(host, source, bytes, cudaMemcpyDeviceToHost, stream_));
    CUDA_CHECK(cudaStreamSynchronize(stream_));
  }
  void copy(void* target, const void* source, size_t bytes) override {
    use();
    CUDA_CHECK(cudaMemcpyAsync(target, source, bytes, cudaMemcpyDeviceToDevice, stream_));
  }
  void poison(void* block, size_t bytes) override {
    use();
    if (bytes) CUDA_CHECK(cudaMemsetAsync(block, 0xff, bytes, stream_));
  }
  bool host_addressable() const override { return false; }
  void synchronize() override {
    use();
    CUDA_CHECK(cudaStreamSynchronize(stream_));
  }
  void gather(void* target, const void* source, const TensorDesc& desc, const int64_t* strides) override {
    use();
    gather_elements(target, source, desc, strides, stream_);
  }
  void wait_for(uintptr_t stream) override {
    use();
    order(reinterpret_cast<cudaStream_t>(stream), stream_);
  }
  void let_wait(uintptr_t stream) override {
    use();
    order(stream_, reinterpret_cast<cudaStream_t>(stream));
  }
  bool settle() noexcept override {
    if (is_forked_child() || cudaSetDevice(index_) != cudaSuccess) return false;
    const std::lock_guard<std::mutex> lock(recording_lock_);
    return cudaDeviceSynchronize() == cudaSuccess;
  }
  void begin_run(size_t) override { use(); }
  void end_run() noexcept override {}
  void* queue() override { return stream_; }

  double seconds_of(const std::function<void()>& work) override {
    const TimedEvent start, stop;
    CUDA_CHECK(cudaEventRecord(start, stream_));
    work();
    CUDA_CHECK(cudaEventRecord(stop, stream_));
    CUDA_CHECK(cudaEventSynchronize(stop));
    float milliseconds = 0;
    CUDA_CHECK(cudaEventElapsedTime(&milliseconds, start, stop));
    return milliseconds * 1e-3;
  }

  // Through pinned memory on the upload stream, beside the runs under way.
  void upload_feed(void* target, const void* host, size_t bytes) override {
    if (!bytes) return;
    try {
      send(stagings_[next_staging_++ % stagings_.size()], target, host, bytes);
    } catch (...) {
      // No event stands behind pieces on their way: both memories may be used anew.
      cudaStreamSynchronize(uploads_);
      throw;
    }
  }
  void upload_behind(void* target, const void* host, size_t bytes) override {
    order(stream_, uploads_);
    upload_feed(target, host, bytes);
  }

  std::unique_ptr<Message> message() override {
    use();
    return std::make_unique<CudaMessage>(stream_);
  }
  void latch(uint8_t* latch, const uint8_t* gate) override { shut_latch(latch, gate, stream_); }

  bool records() const override { return records_; }
  std::unique_ptr<Recording> record(const std::function<void()>& work) override {
    const cudaGraph_t graph = captured(work);
    if (!graph) return nullptr;
    cudaGraphExec_t executable = nullptr;
    const cudaError_t error = cudaGraphInstantiate(&executable, graph, 0);
    cudaGraphDestroy(graph);
    check_cuda(error, "cudaGraphInstantiate", __FILE__, __LINE__);
    return std::make_unique<CudaRecording>(executable, stream_);
  }

  CudaMemory memory() {
    use();
    size_t available = 0, total = 0;
    CUDA_CHECK(cudaMemGetInfo(&available, &total));
    const std::lock_guard<std::mutex> lock(memory_lock_);
    return {used_, kept_bytes_, available, blocks_};
  }
  void release_kept() {
    use();
    const std::lock_guard<std::mutex> lock(memory_lock_);
    drop_kept();
    for (Staging& staging : stagings_) {
      if (staging.host) CUDA_CHECK(cudaFreeHost(staging.host));
      staging.host = nullptr, staging.bytes = 0;
    }
  }

 private:
  // Null where another thread ended the capture.
  cudaGraph_t captured(const std::function<void()>& work) {
    const std::lock_guard<std::mutex> lock(recording_lock_);
    CUDA_CHECK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
    std::exception_ptr failure;
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    cudaGraph_t graph = nullptr;
    const cudaError_t error = cudaStreamEndCapture(stream_, &graph);
    if (recording_was_ended(error)) {
      cudaGetLastError();
      return nullptr;
    }
    if (failure) {
      if (graph) cudaGraphDestroy(graph);
      std::rethrow_exception(failure);
    }
    check_cuda(error, "cudaStreamEndCapture", __FILE__, __LINE__);
    return graph;
  }

  void use() {
    refuse_in_forked_child(name());
    CUDA_CHECK(cudaSetDevice(index_));
  }

  void send(Staging& staging, void* target, const void* host, size_t bytes) {
    CUDA_CHECK(cudaEventSynchronize(staging.sent));
    if (staging.bytes < bytes) {
      if (staging.host) CUDA_CHECK(cudaFreeHost(staging.host));
      staging.host = nullptr, staging.bytes = 0;
      CUDA_CHECK(cudaMallocHost(&staging.host, bytes));
      staging.bytes = bytes;
    }
    // In pieces: one travels while the next is copied, by all threads, into pinned memory.
    for (size_t begin = 0; begin < bytes; begin += staged_piece) {
      const size_t size = std::min(staged_piece, bytes - begin);
      char* const piece = static_cast<char*>(staging.host) + begin;
      copy_by_all_threads(piece, static_cast<const char*>(host) + begin, size);
      CUDA_CHECK(
          cudaMemcpyAsync(static_cast<char*>(target) + begin, piece, size, cudaMemcpyHostToDevice, uploads_));
    }
    CUDA_CHECK(cudaEventRecord(staging.sent, uploads_));
    CUDA_CHECK(cudaStreamWaitEvent(stream_, staging.sent, 0));
  }

  void order(cudaStream_t first, cudaStream_t second) {
    CUDA_CHECK(cudaEventRecord(idle_, first));
    CUDA_CHECK(cudaStreamWaitEvent(second, idle_, 0));
  }

  // Sizes are rounded so that blocks fit again: 512 bytes, from 1 MiB on by at most a sixteenth.
  static size_t rounded(size_t bytes) {
    size_t step = 512;
    while (bytes >> 20 && step * 32 <= bytes) step *= 2;
    return std::max<size_t>(512, (bytes + step - 1) / step * step);
  }
  void* reused(size_t size) {
    const auto found = kept_.find(size);
    if (found == kept_.end()) return nullptr;
    void* block = found->second;
    kept_.erase(found);
    kept_bytes_ -= size;
    return block;
  }
  void* fresh(size_t size) {
    void* block = nullptr;
    cudaError_t error = cudaMalloc(&block, size);
    if (error == cudaErrorMemoryAllocation && kept_bytes_) {
      cudaGetLastError();
      drop_kept();
      error = cudaMalloc(&block, size);
    }
    if (error == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      size_t available = 0, total = 0;
      cudaMemGetInfo(&available, &total);
      throw Error(ErrorKind::out_of_memory,
                  name() + ": expected " + megabytes(size) + " of free memory; " + megabytes(available) +
                      " of " + megabytes(total) +
                      " are free. Use a smaller batch, or free other models and programs.");
    }
    check_cuda(error, "cudaMalloc", __FILE__, __LINE__);
    return block;
  }
  void drop_kept() {
    {
      const std::lock_guard<std::mutex> lock(recording_lock_);
      CUDA_CHECK(cudaStreamSynchronize(stream_));
    }
    while (!kept_.empty()) {
      const auto [size, block] = *kept_.begin();
      kept_.erase(kept_.begin());
      kept_bytes_ -= size;
      CUDA_CHECK(cudaFree(block));
    }
  }

  const int index_;
  bool records_ = true;
  cudaStream_t stream_ = nullptr, uploads_ = nullptr;
  cudaEvent_t idle_ = nullptr;
  std::array<Staging, 2> stagings_;
  size_t next_staging_ = 0;
  std::mutex recording_lock_;  // held by a recording, and by who waits for the device beside the runs
  std::mutex memory_lock_;
  std::multimap<size_t, void*> kept_;  // freed blocks by size
  size_t used_ = 0, kept_bytes_ = 0;
  int64_t blocks_ = 0;
};

std::mutex open_lock;

std::map<int, CudaDevice*>& open_devices() {
  static auto* const all = new std::map<int, CudaDevice*>;
  return *all;
}

CudaDevice& open_device(int index) {
  const std::lock_guard<std::mutex> lock(open_lock);
  const auto found = open_devices().find(index);
  if (found == open_devices().end())
    throw Error(ErrorKind::device, "cuda:" + std::to_string(index) + " is not in use");
  return *found->second;
}

}  // namespace

void open_cuda_device(int index) {
  const std::lock_guard<std::mutex> lock(open_lock);
  if (open_devices().count(index)) return;
  const int count = cuda_device_count();
  if (index < 0 || index >= count)
    throw Error(ErrorKind::device, "device 'cuda:" + std::to_string(index) + "': expected a number below " +
                                       std::to_string(count) +
                                       ", the GPUs that this process sees. Look at nvidia-smi and "
                                       "CUDA_VISIBLE_DEVICES.");
  const CudaDeviceFacts facts = cuda_device_facts(index);
  if (facts.major < oldest_major)
    throw Error(ErrorKind::device, "cuda:" + std::to_string(index) +
                                       ": expected a GPU of compute capability 8.0 or "
                                       "newer; came " +
                                       facts.name + " with " + std::to_string(facts.major) + "." +
                                       std::to_string(facts.minor) + ". Use fastconv.set_device('cpu').");
  auto made = std::make_unique<CudaDevice>(index);
  open_devices()[index] = made.get();
  register_device(std::move(made));
}

CudaMemory cuda_memory(int index) { return open_device(index).memory(); }

void release_cuda_memory(int index) {
  CudaDevice& device = open_device(index);
  const std::lock_guard<std::mutex> lock(device.run_lock());
  device.release_arena();
  device.release_kept();
}

}  // namespace fastconv
