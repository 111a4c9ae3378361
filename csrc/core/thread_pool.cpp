// A persistent pool.  Tasks are claimed from one 64-bit word (generation << 32 | tasks LEFT); the caller waits
// for tasks, never for threads, so a worker that the kernel has descheduled cannot stall a finished job.
// The word holds "tasks left", not "next index": with an index, a late worker that compares the old index with
// the count of the job being published can claim a task that does not exist.  A successful exchange on
// (generation, left > 0) proves that this generation's job was alive while its fields were read.
// Idle workers spin about 100 microseconds, then park.
#include "core/thread_pool.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/memory.h"

#if defined(__linux__)
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#else
#include <condition_variable>
#endif
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace fastconv {
namespace {

constexpr int max_threads = 256;
constexpr int spins_before_parking = 4000;

void pause_briefly() {
#if defined(__SSE2__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#else
  std::this_thread::yield();
#endif
}

// Waits until `word` no longer holds `seen`.
class Parking {
 public:
#if defined(__linux__)
  void wait(std::atomic<uint32_t>& word, uint32_t seen) {
    syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
  }
  void wake_all(std::atomic<uint32_t>& word) {
    syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr,
            0);
  }
#else
  void wait(std::atomic<uint32_t>& word, uint32_t seen) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return word.load() != seen; });
  }
  void wake_all(std::atomic<uint32_t>&) {
    std::lock_guard<std::mutex> lock(mutex_);
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
#endif
};

class Pool {
 public:
  Pool(int threads, size_t scratch_bytes) : threads_(threads), scratch_(threads) {
    for (Block& block : scratch_) block = Block(scratch_bytes);
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
  }
  ~Pool() {
    quit_ = true;
    generation_.fetch_add(1);
    parking_.wake_all(generation_);
    for (std::thread& worker : workers_) worker.join();
  }

  int threads() const { return threads_; }

  void run(int64_t tasks, TaskFunction function, const void* context) {
    const std::lock_guard<std::mutex> one_job(job_mutex_);
    done_.store(0, std::memory_order_relaxed);
    function_.store(function, std::memory_order_relaxed);
    context_.store(context, std::memory_order_relaxed);
    tasks_.store(tasks, std::memory_order_relaxed);
    const uint32_t generation = generation_.load() + 1;
    claim_.store(uint64_t{generation} << 32 | static_cast<uint64_t>(tasks), std::memory_order_release);
    generation_.store(generation);
    if (sleepers_.load()) parking_.wake_all(generation_);
    take(generation, 0);
    while (done_.load(std::memory_order_acquire) != tasks) pause_briefly();
  }

  void reserve_scratch(size_t bytes) {
    const std::lock_guard<std::mutex> one_job(job_mutex_);
    for (Block& block : scratch_)
      if (block.bytes() < bytes) block = Block(bytes);
  }
  void* scratch(int thread) const { return scratch_[thread].data(); }

 private:
  void take(uint32_t generation, int thread) {
    for (;;) {
      uint64_t claim = claim_.load(std::memory_order_acquire);
      if (static_cast<uint32_t>(claim >> 32) != generation) return;
      const int64_t left = static_cast<uint32_t>(claim);
      if (left == 0) return;
      const TaskFunction function = function_.load(std::memory_order_acquire);
      const void* context = context_.load(std::memory_order_acquire);
      const int64_t tasks = tasks_.load(std::memory_order_acquire);
      if (!claim_.compare_exchange_weak(claim, claim - 1, std::memory_order_acq_rel)) continue;
      function(context, tasks - left, thread);
      done_.fetch_add(1, std::memory_order_acq_rel);
    }
  }

  void work(int thread) {
    const FlushDenormals flush;
    uint32_t seen = 0;
    for (;;) {
      uint32_t generation = generation_.load(std::memory_order_acquire);
      for (int spin = 0; generation == seen && spin < spins_before_parking; ++spin) {
        pause_briefly();
        generation = generation_.load(std::memory_order_acquire);
      }
      if (generation == seen) {
        sleepers_.fetch_add(1);
        parking_.wait(generation_, seen);
        sleepers_.fetch_sub(1);
        continue;
      }
      if (quit_.load()) return;
      seen = generation;
      take(generation, thread);
    }
  }

  const int threads_;
  std::mutex job_mutex_;
  Parking parking_;
  alignas(64) std::atomic<uint64_t> claim_{0};
  alignas(64) std::atomic<uint32_t> generation_{0};
  alignas(64) std::atomic<int64_t> done_{0};
  alignas(64) std::atomic<int> sleepers_{0};
  std::atomic<bool> quit_{false};
  std::atomic<TaskFunction> function_{nullptr};
  std::atomic<const void*> context_{nullptr};
  std::atomic<int64_t> tasks_{0};
  std::vector<Block> scratch_;
  std::vector<std::thread> workers_;
};

std::mutex pool_mutex;
// Never destroyed at exit: a daemon thread may still compute then.  Written under the mutex; tasks, which run only
// while their pool lives, read it without.
std::atomic<Pool*> pool{nullptr};
int wanted_threads = 0;
size_t wanted_scratch = 0;

int cgroup_limit() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return max_threads;
  const double processors = std::atof(quota.c_str()) / period;
  return processors < 1 ? 1 : static_cast<int>(processors + 0.5);
}

int usable_processors() {
  int count = static_cast<int>(std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) count = CPU_COUNT(&set);
#endif
  const int limit = cgroup_limit();
  if (count < 1) count = 1;
  if (count > limit) count = limit;
  return count > max_threads ? max_threads : count;
}

void forget_pool_in_child() {
  // The threads stayed in the parent; the pool's memory is left alone (a few hundred bytes and the scratch).
  pool = nullptr;
  new (&pool_mutex) std::mutex;
}

Pool& current_pool() {
  const std::lock_guard<std::mutex> lock(pool_mutex);
  if (!pool.load()) {
#if defined(__linux__)
    static const int registered = pthread_atfork(nullptr, nullptr, forget_pool_in_child);
    (void)registered;
#endif
    if (wanted_threads == 0) wanted_threads = default_thread_count();
    pool = new Pool(wanted_threads, wanted_scratch);
  }
  return *pool.load();
}

}  // namespace

int default_thread_count() {
  if (const char* text = std::getenv("FASTCONV_NUM_THREADS")) {
    char* end = nullptr;
    const long wanted = std::strtol(text, &end, 10);
    if (end != text && *end == '\0' && wanted >= 1 && wanted <= max_threads) return static_cast<int>(wanted);
    if (*text)
      throw Error(ErrorKind::value, "FASTCONV_NUM_THREADS: expected a whole number from 1 to 256; came '" +
                                        std::string(text) + "'. Unset it to use every processor.");
  }
  return usable_processors();
}

int thread_count() { return current_pool().threads(); }

void set_thread_count(int threads) {
  if (threads < 0 || threads > max_threads)
    throw Error(ErrorKind::value,
                "set_num_threads: expected a whole number from 1 to 256 (0: every processor); came " +
                    std::to_string(threads) + ".");
  const std::lock_guard<std::mutex> lock(pool_mutex);
  const int wanted = threads ? threads : usable_processors();
  if (wanted == wanted_threads && pool.load()) return;
  wanted_threads = wanted;
  delete pool.exchange(nullptr);
}

void parallel_for(int64_t tasks, TaskFunction run, const void* context) {
  if (tasks <= 0) return;
  Pool& pool = current_pool();
  if (tasks == 1 || pool.threads() == 1) {
    for (int64_t task = 0; task < tasks; ++task) run(context, task, 0);
    return;
  }
  if (tasks > INT32_MAX) throw Error(ErrorKind::value, "a step was cut into more than 2^31 tasks.");
  pool.run(tasks, run, context);
}

void* thread_scratch(int thread) { return pool.load(std::memory_order_acquire)->scratch(thread); }

void reserve_scratch(size_t bytes) {
  {
    const std::lock_guard<std::mutex> lock(pool_mutex);
    if (bytes > wanted_scratch) wanted_scratch = bytes;
  }
  current_pool().reserve_scratch(bytes);
}

#if defined(__SSE2__)
FlushDenormals::FlushDenormals() : saved_(_mm_getcsr()) {
  _mm_setcsr(static_cast<unsigned>(saved_) | 0x8040u);
}
FlushDenormals::~FlushDenormals() { _mm_setcsr(static_cast<unsigned>(saved_)); }
#elif defined(__aarch64__)
FlushDenormals::FlushDenormals() : saved_(0) {
  asm volatile("mrs %0, fpcr" : "=r"(saved_));
  asm volatile("msr fpcr, %0" ::"r"(saved_ | (1ull << 24)));
}
FlushDenormals::~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(saved_)); }
#else
FlushDenormals::FlushDenormals() : saved_(0) {}
FlushDenormals::~FlushDenormals() {}
#endif

}  // namespace fastconv
