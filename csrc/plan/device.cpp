#include "plan/device.h"

#include "core/error.h"
#include "core/shape.h"

namespace fastconv {
namespace {
std::vector<std::unique_ptr<Device>>& devices() {
  static auto* const all = new std::vector<std::unique_ptr<Device>>;
  return *all;
}
}  // namespace

std::string device_kind(const std::string& name) { return name.substr(0, name.find(':')); }

std::unique_ptr<Device::Recording> Device::record(const std::function<void()>&) {
  throw Error(ErrorKind::device, "device '" + name_ + "' records nothing");
}

std::unique_ptr<Device::Message> Device::message() {
  throw Error(ErrorKind::device, "device '" + name_ + "' does nothing behind the host's back");
}

void Device::latch(uint8_t*, const uint8_t*) {
  throw Error(ErrorKind::device, "device '" + name_ + "' leaves gates to the host");
}

void* Device::arena(size_t bytes) {
  if (bytes > arena_bytes_) {
    release_arena();
    arena_ = allocate(bytes);
    arena_bytes_ = bytes;
  }
  return arena_;
}

void Device::release_arena() {
  if (arena_) free(arena_, arena_bytes_);
  arena_ = nullptr;
  arena_bytes_ = 0;
}

void register_device(std::unique_ptr<Device> device) { devices().push_back(std::move(device)); }

Device& device(const std::string& name) {
  std::string names;
  for (const auto& candidate : devices()) {
    if (candidate->name() == name) return *candidate;
    names += (names.empty() ? "" : ", ") + candidate->name();
  }
  throw Error(ErrorKind::device, "device '" + name + "': expected one of " + names + ".");
}

std::vector<std::string> device_names() {
  std::vector<std::string> names;
  for (const auto& candidate : devices()) names.push_back(candidate->name());
  return names;
}

Buffer::Buffer(Device& device, const TensorDesc& desc)
    : device_(device), desc_(desc), bytes_(byte_count(desc)), data_(device.allocate(bytes_)) {}

Buffer::Buffer(Device& device, const TensorDesc& desc, void* data, std::shared_ptr<void> owner)
    : device_(device), desc_(desc), bytes_(byte_count(desc)), data_(data), owner_(std::move(owner)) {}

Buffer::~Buffer() {
  const bool reachable = !(shared_ || owner_) || device_.settle();
  if (!owner_)
    device_.free(data_, bytes_);
  else if (!reachable)
    new std::shared_ptr<void>(std::move(owner_));  // stays: its owner would give it back to the device
}

}  // namespace fastconv
