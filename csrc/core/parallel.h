// The pool as kernels see it.  Declarations only (wide units include this).
#pragma once
#include <cstddef>
#include <cstdint>

namespace fastconv {

using TaskFunction = void (*)(const void* context, int64_t task, int thread);

// Runs task 0 .. tasks-1, each once, on the pool; returns when all are done.  `thread` is below the number of
// threads.  Tasks are cut by shape alone, never by the number of threads: that keeps the bits equal.
void parallel_for(int64_t tasks, TaskFunction run, const void* context);

// Scratch memory of one thread, 64-byte aligned, at least the step's `per_thread_bytes` long.
void* thread_scratch(int thread);

namespace {
// The same for a lambda `body(task, thread)`.  In an unnamed namespace: every unit keeps a copy of its own.
template <class Body>
void parallel(int64_t tasks, const Body& body) {
  parallel_for(
      tasks,
      [](const void* context, int64_t task, int thread) {
        (*static_cast<const Body*>(context))(task, thread);
      },
      &body);
}
}  // namespace

}  // namespace fastconv
