// Sizes of tensors, every product checked.
#pragma once
#include <string>
#include <vector>

#include "core/tensor.h"

namespace fastconv {

size_t dtype_bytes(DType dtype);
const char* dtype_name(DType dtype);
DType dtype_from_name(const std::string& name);

TensorDesc make_desc(DType dtype, const std::vector<int64_t>& dims);
int64_t element_count(const TensorDesc& desc);  // throws Error when the product overflows
size_t byte_count(const TensorDesc& desc);      // the same in bytes
bool same_shape(const TensorDesc& a, const TensorDesc& b);
std::string to_string(const TensorDesc& desc);  // "float32 (2, 9, 9, 17)"

}  // namespace fastconv
