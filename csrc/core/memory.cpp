#include "core/memory.h"

#include <atomic>
#include <cstdlib>
#include <string>

#include "core/error.h"
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace fastconv {
namespace {
constexpr size_t line = 64, huge_page = size_t{2} << 20;
std::atomic<size_t> living_bytes{0};
}  // namespace

void* allocate_aligned(size_t bytes) {
  const size_t alignment = bytes >= 2 * huge_page ? huge_page : line;
  if (bytes > SIZE_MAX - alignment)
    throw Error(ErrorKind::out_of_memory, "cannot allocate " + std::to_string(bytes) + " bytes.");
  const size_t rounded = bytes ? (bytes + alignment - 1) / alignment * alignment : line;
  void* block = std::aligned_alloc(alignment, rounded);
  if (!block)
    throw Error(ErrorKind::out_of_memory, "cannot allocate " + std::to_string(bytes) +
                                              " bytes. Use a smaller batch or smaller images.");
#if defined(__linux__)
  // 36 write streams of a Winograd transform need 36 TLB entries with small pages.
  if (alignment == huge_page) madvise(block, rounded, MADV_HUGEPAGE);
#endif
  living_bytes += bytes;
  return block;
}

void free_aligned(void* block, size_t bytes) {
  std::free(block);
  living_bytes -= bytes;
}

size_t allocated_bytes() { return living_bytes; }

}  // namespace fastconv
