// The one pool of the process: made at first use, remade after fork.
#pragma once
#include <cstddef>

#include "core/parallel.h"

namespace fastconv {

int thread_count();
void set_thread_count(int threads);  // 0: as many as the process may use (affinity, cgroup limit)
int default_thread_count();          // FASTCONV_NUM_THREADS, else what affinity and cgroup allow

// Grows every thread's scratch to at least `bytes`.  Never called while a job runs.
void reserve_scratch(size_t bytes);

// Denormals are flushed to zero while our kernels run; the caller's setting is restored.
class FlushDenormals {
 public:
  FlushDenormals();
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  unsigned long long saved_;
};

}  // namespace fastconv
