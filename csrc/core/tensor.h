// What a kernel sees of a tensor.  Plain data only, no inline functions: units compiled for a wide
// instruction set include this header, and the linker must never keep their copy of shared code.
#pragma once
#include <cstddef>
#include <cstdint>

namespace fastconv {

enum class DType : int32_t { float32 = 0, float64, int32, int64, uint8, boolean };

constexpr int max_rank = 6;

struct TensorDesc {
  DType dtype;
  int32_t rank;
  int64_t dims[max_rank];  // outermost first, dense; dims past the rank are 1
};

struct Tensor {
  void* data;
  TensorDesc desc;
};

// Shapes and dtypes of one step: what `supports`, `workspace` and `cost` may look at.
struct Signature {
  const TensorDesc* inputs;
  int input_count;
  const TensorDesc* outputs;
  int output_count;
};

// One step at run time.  Inputs never alias outputs unless the row allows it (`in_place`).
struct Call {
  const Tensor* inputs;
  int input_count;
  const Tensor* outputs;
  int output_count;
  void* workspace;  // 64-byte aligned, `Workspace::shared_bytes` long, contents undefined
  void* queue;      // the device's order of execution (a CUDA stream); null where a call runs at once
  const uint8_t*
      gate;  // in device memory, or null: a row that may work in place writes nothing while it holds 0
};

// Memory a row asks for.  `per_thread_bytes` is what `thread_scratch(thread)` may be used for.
struct Workspace {
  size_t shared_bytes;
  size_t per_thread_bytes;
};

}  // namespace fastconv
