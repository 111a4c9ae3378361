// Arrays from and for other libraries: DLPack's capsules, and memory that is somebody else's.  What is allowed is
// decided in Python (runtime/exchange.py).
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "bindings/dlpack.h"
#include "core/error.h"
#include "core/shape.h"
#include "plan/device.h"

namespace py = pybind11;
using namespace fastconv;

namespace {

using PyBuffer = py::class_<Buffer, std::shared_ptr<Buffer>>;

// ---- out

dlpack::Element element_of(DType dtype) {
  const auto bits = static_cast<uint8_t>(8 * dtype_bytes(dtype));
  switch (dtype) {
    case DType::float32:
    case DType::float64: return {2, bits, 1};
    case DType::int32:
    case DType::int64: return {0, bits, 1};
    case DType::uint8: return {1, bits, 1};
    case DType::boolean: return {6, bits, 1};
  }
  throw Error(ErrorKind::value, "a dtype without a code");
}

// What a capsule points to, and what keeps it alive.
template <class Header>
struct Export {
  Header header{};
  std::shared_ptr<Buffer> buffer;
  int64_t dims[max_rank], strides[max_rank];

  Export(std::shared_ptr<Buffer> shared, dlpack::Place place) : buffer(std::move(shared)) {
    const TensorDesc& desc = buffer->desc();
    int64_t stride = 1;
    for (int axis = desc.rank; axis-- > 0; stride *= desc.dims[axis]) {
      dims[axis] = desc.dims[axis];
      strides[axis] = stride;
    }
    header.view = {buffer->data(), place, desc.rank, element_of(desc.dtype), dims, strides, 0};
    header.owner = this;
    header.deleter = [](Header* self) { delete static_cast<Export*>(self->owner); };
  }
};

template <class Header>
py::capsule capsule_of(Header* header, const char* name) {
  return py::capsule(header, name, [](PyObject* capsule) {
    const char* now = PyCapsule_GetName(capsule);
    if (std::string(now).rfind("used_", 0) == 0) return;  // whoever took it calls the deleter
    auto* unused = static_cast<Header*>(PyCapsule_GetPointer(capsule, now));
    unused->deleter(unused);
  });
}

py::capsule export_buffer(const std::shared_ptr<Buffer>& buffer, std::pair<int, int> place, bool versioned,
                          bool copied) {
  buffer->share();
  const dlpack::Place there{place.first, place.second};
  if (!versioned) {
    auto* made = new Export<dlpack::Managed>(buffer, there);
    return capsule_of(&made->header, "dltensor");
  }
  auto* made = new Export<dlpack::ManagedVersioned>(buffer, there);
  made->header.version = {1, 1};
  made->header.flags = copied ? dlpack::is_copy : dlpack::read_only;
  return capsule_of(&made->header, "dltensor_versioned");
}

// ---- in

// A tensor of another library, until nobody here needs it any more.
class Foreign {
 public:
  explicit Foreign(const py::capsule& capsule) {
    const std::string name = capsule.name() ? capsule.name() : "";
    if (name == "dltensor_versioned") {
      take(capsule.get_pointer<dlpack::ManagedVersioned>());
      PyCapsule_SetName(capsule.ptr(), "used_dltensor_versioned");
    } else if (name == "dltensor") {
      take(capsule.get_pointer<dlpack::Managed>());
      PyCapsule_SetName(capsule.ptr(), "used_dltensor");
    } else {
      throw Error(ErrorKind::value,
                  "from_dlpack: expected a capsule 'dltensor' or 'dltensor_versioned'; came '" + name +
                      "'. A capsule can be taken once.");
    }
  }
  ~Foreign() { release_(); }
  Foreign(const Foreign&) = delete;
  Foreign& operator=(const Foreign&) = delete;

  std::pair<int, int> place() const { return {view_.place.type, view_.place.id}; }
  std::tuple<int, int, int> element() const {
    return {view_.element.code, view_.element.bits, view_.element.lanes};
  }
  std::vector<int64_t> shape() const { return {view_.dims, view_.dims + view_.rank}; }
  std::optional<std::vector<int64_t>> strides() const {
    if (!view_.strides) return std::nullopt;
    return std::vector<int64_t>{view_.strides, view_.strides + view_.rank};
  }
  uintptr_t pointer() const { return reinterpret_cast<uintptr_t>(view_.data) + view_.byte_offset; }

 private:
  void take(dlpack::ManagedVersioned* taken) {
    if (taken->version.major != 1)
      throw Error(ErrorKind::value, "from_dlpack: expected DLPack 1; came " +
                                        std::to_string(taken->version.major) + "." +
                                        std::to_string(taken->version.minor) + ".");
    keep(taken);
  }
  void take(dlpack::Managed* taken) { keep(taken); }

  template <class Header>
  void keep(Header* taken) {
    view_ = taken->view;
    release_ = [taken] {
      if (taken->deleter) taken->deleter(taken);
    };
  }

  dlpack::View view_{};
  std::function<void()> release_;
};

// A Python object as the owner of memory.
std::shared_ptr<void> owner_of(py::object object) {
  return {object.release().ptr(), [](PyObject* owner) {
            const py::gil_scoped_acquire gil;
            Py_DECREF(owner);
          }};
}

TensorDesc desc_of(const std::string& dtype, const std::vector<int64_t>& shape) {
  return make_desc(dtype_from_name(dtype), shape);
}

std::shared_ptr<Buffer> buffer_over(const std::string& name, const std::string& dtype,
                                    const std::vector<int64_t>& shape, uintptr_t pointer, py::object owner) {
  return std::make_shared<Buffer>(device(name), desc_of(dtype, shape), reinterpret_cast<void*>(pointer),
                                  owner_of(std::move(owner)));
}

// Copies into `made`; the source may go when this returns.
void gather(Buffer& made, const std::vector<int64_t>& strides, uintptr_t pointer) {
  Device& chosen = made.device();
  const py::gil_scoped_release nogil;
  const std::lock_guard<std::mutex> lock(chosen.run_lock());
  chosen.gather(made.data(), reinterpret_cast<const void*>(pointer), made.desc(), strides.data());
  chosen.synchronize();
}

template <void (Device::*order)(uintptr_t)>
void ordered(const std::string& name, uintptr_t stream) {
  Device& chosen = device(name);
  const py::gil_scoped_release nogil;
  const std::lock_guard<std::mutex> lock(chosen.run_lock());
  (chosen.*order)(stream);
}

}  // namespace

void bind_exchange(py::module_& m, PyBuffer& buffer) {
  buffer
      .def(py::init(&buffer_over), py::arg("device"), py::arg("dtype"), py::arg("shape"), py::arg("pointer"),
           py::arg("owner"))
      .def("gather", &gather, py::arg("strides"), py::arg("pointer"),
           "Writes elements that lie `strides` elements apart.")
      .def("dlpack", &export_buffer, py::arg("place"), py::arg("versioned"), py::arg("copied"),
           "A capsule over its memory.")
      .def("share", &Buffer::share, "Says that others will see its memory.");
  m.def("stream_of",
        [](const std::string& name) { return reinterpret_cast<uintptr_t>(device(name).queue()); });
  m.def("wait_for", &ordered<&Device::wait_for>, py::arg("device"), py::arg("stream"));
  m.def("let_wait", &ordered<&Device::let_wait>, py::arg("device"), py::arg("stream"));

  py::class_<Foreign>(m, "Foreign")
      .def(py::init<const py::capsule&>(), py::arg("capsule"))
      .def_property_readonly("place", &Foreign::place)
      .def_property_readonly("element", &Foreign::element)
      .def_property_readonly("shape", &Foreign::shape)
      .def_property_readonly("strides", &Foreign::strides)
      .def_property_readonly("pointer", &Foreign::pointer);
}
