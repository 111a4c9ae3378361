#include "core/shape.h"

#include "core/error.h"

namespace fastconv {
namespace {
struct DTypeFacts {
  const char* name;
  size_t bytes;
};
constexpr DTypeFacts dtype_facts[] = {{"float32", 4}, {"float64", 8}, {"int32", 4},
                                      {"int64", 8},   {"uint8", 1},   {"bool", 1}};
}  // namespace

size_t dtype_bytes(DType dtype) { return dtype_facts[static_cast<int>(dtype)].bytes; }
const char* dtype_name(DType dtype) { return dtype_facts[static_cast<int>(dtype)].name; }

DType dtype_from_name(const std::string& name) {
  for (int i = 0; i < 6; ++i)
    if (name == dtype_facts[i].name) return static_cast<DType>(i);
  throw Error(ErrorKind::value, "dtype '" + name +
                                    "': expected one of float32, float64, int32, int64, uint8, bool. "
                                    "Convert with x.astype('float32').");
}

TensorDesc make_desc(DType dtype, const std::vector<int64_t>& dims) {
  if (dims.size() > static_cast<size_t>(max_rank))
    throw Error(ErrorKind::shape, "a tensor has at most " + std::to_string(max_rank) + " axes; came " +
                                      std::to_string(dims.size()) + ". Flatten some of them.");
  TensorDesc desc{dtype, static_cast<int32_t>(dims.size()), {1, 1, 1, 1, 1, 1}};
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] < 0)
      throw Error(ErrorKind::shape, "a size must not be negative; came " + std::to_string(dims[i]) + ".");
    desc.dims[i] = dims[i];
  }
  return desc;
}

int64_t element_count(const TensorDesc& desc) {
  int64_t count = 1;
  for (int i = 0; i < desc.rank; ++i)
    if (__builtin_mul_overflow(count, desc.dims[i], &count))
      throw Error(ErrorKind::out_of_memory, "a tensor " + to_string(desc) + " has more than 2^63 elements.");
  return count;
}

size_t byte_count(const TensorDesc& desc) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<size_t>(element_count(desc)), dtype_bytes(desc.dtype), &bytes))
    throw Error(ErrorKind::out_of_memory, "a tensor " + to_string(desc) + " has more than 2^64 bytes.");
  return bytes;
}

bool same_shape(const TensorDesc& a, const TensorDesc& b) {
  if (a.rank != b.rank) return false;
  for (int i = 0; i < a.rank; ++i)
    if (a.dims[i] != b.dims[i]) return false;
  return true;
}

std::string to_string(const TensorDesc& desc) {
  std::string text = std::string(dtype_name(desc.dtype)) + " (";
  for (int i = 0; i < desc.rank; ++i) text += (i ? ", " : "") + std::to_string(desc.dims[i]);
  return text + (desc.rank == 1 ? ",)" : ")");
}

}  // namespace fastconv
