// DLPack's structures, as its specification lays them out (github.com/dmlc/dlpack, versions 0.8 and 1.1).
#pragma once
#include <cstdint>

namespace fastconv::dlpack {

struct Place {   // DLDevice
  int32_t type;  // 1: host memory, 2: CUDA, ...
  int32_t id;
};

struct Element {  // DLDataType
  uint8_t code;   // 0: signed, 1: unsigned, 2: floating point, 6: bool, ...
  uint8_t bits;
  uint16_t lanes;
};

struct View {  // DLTensor
  void* data;
  Place place;
  int32_t rank;
  Element element;
  int64_t* dims;
  int64_t* strides;  // in elements; null: dense
  uint64_t byte_offset;
};

struct Managed {  // DLManagedTensor; a capsule "dltensor"
  View view;
  void* owner;
  void (*deleter)(Managed*);
};

struct Version {
  uint32_t major, minor;
};

constexpr uint64_t read_only = 1, is_copy = 2;

struct ManagedVersioned {  // DLManagedTensorVersioned; a capsule "dltensor_versioned"
  Version version;
  void* owner;
  void (*deleter)(ManagedVersioned*);
  uint64_t flags;
  View view;
};

}  // namespace fastconv::dlpack
