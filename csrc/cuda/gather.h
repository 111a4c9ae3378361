// A dense tensor of elements that lie apart: what other libraries hand over in an order of axes of their own.
#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>

#include "core/tensor.h"

namespace fastconv {

// target[i] = source[sum of index[axis] * strides[axis]], strides in elements; fewer than 2^31 elements.
void gather_elements(void* target, const void* source, const TensorDesc& desc, const int64_t* strides,
                     cudaStream_t stream);

}  // namespace fastconv
