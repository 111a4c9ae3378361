// What Python asks of CUDA itself; plans, buffers and kernels go through _core like every device's.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <atomic>

#include "bindings/errors.h"
#include "cuda/device.h"

namespace py = pybind11;
using namespace fastconv;

namespace fastconv { extern std::atomic<int64_t> cuda_launches; }

PYBIND11_MODULE(_cuda, m, py::mod_gil_not_used()) {
  m.doc() = "fastconv's CUDA kernels and devices; loaded when a CUDA device is asked for.";
  translate_errors();
  m.def("device_count", &cuda_device_count);
  m.def("driver_version", &cuda_driver_version);
  m.def("runtime_version", &cuda_runtime_version);
  m.def("open", &open_cuda_device, py::arg("index"));
  m.def("launches", [] { return cuda_launches.load(); });
  m.def("release_memory", &release_cuda_memory, py::arg("index"));
  m.def("memory", [](int index) {
    const CudaMemory memory = cuda_memory(index);
    return py::dict(py::arg("used") = memory.used, py::arg("kept") = memory.kept,
                    py::arg("blocks") = memory.blocks);
  });
  m.def("facts", [](int index) {
    const CudaDeviceFacts facts = cuda_device_facts(index);
    return py::dict(py::arg("name") = facts.name, py::arg("major") = facts.major,
                    py::arg("minor") = facts.minor, py::arg("bytes") = facts.bytes,
                    py::arg("multiprocessors") = facts.multiprocessors);
  });
}
