// Aligned blocks: 64 bytes, and 2 MiB with huge pages asked for when large.
#pragma once
#include <cstddef>
#include <utility>

namespace fastconv {

void* allocate_aligned(size_t bytes);  // throws Error(out_of_memory); bytes may be 0
void free_aligned(void* block, size_t bytes);
size_t allocated_bytes();  // all living blocks of this process; tests look for leaks with it

class Block {
 public:
  Block() = default;
  explicit Block(size_t bytes) : data_(allocate_aligned(bytes)), bytes_(bytes) {}
  Block(Block&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Block& operator=(Block&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Block() {
    if (data_) free_aligned(data_, bytes_);
  }
  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace fastconv
