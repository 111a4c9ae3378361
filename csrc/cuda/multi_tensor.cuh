// One launch over many tensors.  A table of their pointers travels as a kernel parameter; the blocks are numbered through
// all tensors, and each takes a chunk of 4096 elements of one of them.
#pragma once
#include "cuda/elementwise.cuh"

namespace fastconv {

constexpr int chunk_threads = 256;
constexpr uint32_t chunk_elements = 4096;

// `roles` tensors of one shape belong together: a parameter, its gradient, ...
template <int roles>
struct TensorTable {
  static constexpr int capacity =
      3800 / (8 * roles + 8);  // a kernel takes 4 KiB of parameters, others included
  int tensors = 0;
  uint32_t counts[capacity], first_blocks[capacity];
  float* data[roles][capacity];
};

struct Chunk {
  int tensor;
  uint32_t begin, packs_end, end;  // elements; packs of 4 up to packs_end
};

template <int roles>
__device__ __forceinline__ Chunk chunk_of(const TensorTable<roles>& table, uint32_t block) {
  int tensor = 0, last = table.tensors - 1;  // the last tensor that begins at or before this block
  while (tensor < last) {
    const int middle = (tensor + last + 1) / 2;
    if (table.first_blocks[middle] <= block)
      tensor = middle;
    else
      last = middle - 1;
  }
  const uint32_t begin = (block - table.first_blocks[tensor]) * chunk_elements;
  const uint32_t length = min(table.counts[tensor] - begin, chunk_elements);
  return {tensor, begin, begin + length / 4 * 4, begin + length};
}

// Fills tables, and hands each to launch_table(table, blocks) when it is full or `finish` is called.
template <int roles, class Launch>
class TableFiller {
 public:
  explicit TableFiller(Launch launch_table) : launch_table_(std::move(launch_table)) {}

  void add(float* const (&data)[roles], int64_t count) {
    if (count == 0) return;
    if (table_.tensors == table_.capacity) finish();
    for (int role = 0; role < roles; ++role) table_.data[role][table_.tensors] = data[role];
    table_.counts[table_.tensors] = static_cast<uint32_t>(count);
    table_.first_blocks[table_.tensors++] = blocks_;
    blocks_ += blocks_for(count, chunk_elements);
  }
  void finish() {
    if (table_.tensors) launch_table_(table_, blocks_);
    table_.tensors = 0, blocks_ = 0;
  }

 private:
  Launch launch_table_;
  TensorTable<roles> table_;
  unsigned blocks_ = 0;
};

}  // namespace fastconv
