// What Python asks of CUDA itself; plans, buffers and kernels go through _core like every device's.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <atomic>

#include "bindings/errors.h"
#include "bindings/image_arguments.h"
#include "core/shape.h"
#include "cuda/augment.h"
#include "cuda/device.h"

namespace py = pybind11;
using namespace fastconv;

namespace fastconv { extern std::atomic<int64_t> cuda_launches; }

namespace {

// out: a float32 array of the host, or a buffer of the device, which is written behind what it has to do already.
void augment(const std::string& device_name, const std::vector<py::array>& images,
             const image::Doubles& transforms, const py::object& out, const std::string& fill,
             float fill_value, int order, float scale, bool centre_sample, bool scale_sample,
             const std::optional<image::Floats>& mean, const std::optional<image::Floats>& deviation) {
  if (images.empty()) return;
  Device& on = device(device_name);
  const image::AugmentationArguments batch(images, transforms, fill, fill_value, order, scale, centre_sample,
                                           scale_sample, mean, deviation);
  for (const image::Picture& picture : batch.pictures)
    if (picture.is_float != batch.pictures.front().is_float)
      throw Error(ErrorKind::value, "images of one batch: expected one dtype; came uint8 and float32.");
  const std::vector<py::ssize_t> dims = batch.output_dims();
  const TensorDesc desc = make_desc(DType::float32, {dims.begin(), dims.end()});
  const auto run = [&](float* pixels) {
    image::augment_batch(on, batch.pictures, batch.transforms, batch.sampling, batch.normalisation.values,
                         pixels);
  };
  if (!py::isinstance<Buffer>(out)) {
    py::array array = py::cast<py::array>(out);
    float* const host = image::target(array, dims);
    const py::gil_scoped_release nogil;
    const Buffer pixels(on, desc);
    run(static_cast<float*>(pixels.data()));
    const std::lock_guard<std::mutex> lock(on.run_lock());  // waiting would break another thread's recording
    on.download(host, pixels.data(), pixels.bytes());
    return;
  }
  Buffer& buffer = py::cast<Buffer&>(out);
  if (&buffer.device() != &on || buffer.desc().dtype != DType::float32 || !same_shape(buffer.desc(), desc))
    image::refuse("the output: expected " + to_string(desc) + " on " + on.name() + "; came " +
                  to_string(buffer.desc()) + " on " + buffer.device().name() + ".");
  const py::gil_scoped_release nogil;
  run(static_cast<float*>(buffer.data()));
  buffer.touch();
}

}  // namespace

PYBIND11_MODULE(_cuda, m, py::mod_gil_not_used()) {
  m.doc() = "fastconv's CUDA kernels and devices; loaded when a CUDA device is asked for.";
  translate_errors();
  m.def("oldest_driver", [] { return oldest_driver; });
  m.def("oldest_major", [] { return oldest_major; });
  m.def("device_count", &cuda_device_count);
  m.def("driver_version", &cuda_driver_version);
  m.def("runtime_version", &cuda_runtime_version);
  m.def("open", &open_cuda_device, py::arg("index"));
  m.def("image_augment", &augment, py::arg("device"), py::arg("images"), py::arg("transforms"),
        py::arg("out"), py::kw_only(), py::arg("fill_mode") = "nearest", py::arg("cval") = 0.0f,
        py::arg("order") = 1, py::arg("scale") = 1.0f, py::arg("centre_sample") = false,
        py::arg("scale_sample") = false, py::arg("mean") = py::none(), py::arg("deviation") = py::none());
  m.def("device_of", &cuda_device_of, py::arg("pointer"),
        "Number of the GPU in whose memory it lies, or -1.");
  m.def("launches", [] { return cuda_launches.load(); });
  m.def("release_memory", &release_cuda_memory, py::arg("index"), py::call_guard<py::gil_scoped_release>());
  m.def("memory", [](int index) {
    const CudaMemory memory = cuda_memory(index);
    return py::dict(py::arg("used") = memory.used, py::arg("kept") = memory.kept,
                    py::arg("blocks") = memory.blocks, py::arg("free") = memory.free);
  });
  m.def("facts", [](int index) {
    const CudaDeviceFacts facts = cuda_device_facts(index);
    return py::dict(py::arg("name") = facts.name, py::arg("major") = facts.major,
                    py::arg("minor") = facts.minor, py::arg("bytes") = facts.bytes,
                    py::arg("multiprocessors") = facts.multiprocessors);
  });
}
