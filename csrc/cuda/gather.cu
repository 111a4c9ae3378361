#include "cuda/gather.h"

#include "cuda/kernel.cuh"

namespace fastconv {
namespace {

constexpr int threads = 256;

struct Axes {
  FastDiv dims[max_rank];  // innermost first
  int64_t strides[max_rank];
  int count;
};

template <class Element>
__global__ void __launch_bounds__(threads)
    gather_kernel(Axes axes, uint32_t count, Element* target, const Element* source) {
  const uint32_t i = blockIdx.x * threads + threadIdx.x;
  if (i >= count) return;
  uint32_t rest = i;
  int64_t at = 0;
  for (int axis = 0; axis < axes.count; ++axis) {
    at += static_cast<int64_t>(axes.dims[axis].modulo(rest)) * axes.strides[axis];
    rest = axes.dims[axis].divide(rest);
  }
  target[i] = source[at];
}

template <class Element>
void run(void* target, const void* source, const Axes& axes, int64_t count, cudaStream_t stream) {
  launch(gather_kernel<Element>, blocks_for(count, threads), threads, 0, stream, axes,
         static_cast<uint32_t>(count), static_cast<Element*>(target), static_cast<const Element*>(source));
}

}  // namespace

void gather_elements(void* target, const void* source, const TensorDesc& desc, const int64_t* strides,
                     cudaStream_t stream) {
  const int64_t count = element_count(desc);
  if (count == 0) return;
  Axes axes{{}, {}, desc.rank};
  for (int axis = 0; axis < desc.rank; ++axis) {
    axes.dims[axis] = FastDiv(static_cast<uint32_t>(desc.dims[desc.rank - 1 - axis]));
    axes.strides[axis] = strides[desc.rank - 1 - axis];
  }
  switch (dtype_bytes(desc.dtype)) {
    case 1: return run<uint8_t>(target, source, axes, count, stream);
    case 4: return run<uint32_t>(target, source, axes, count, stream);
    default: return run<uint64_t>(target, source, axes, count, stream);
  }
}

}  // namespace fastconv
