// Image passes for Python: checks and conversions; the passes run without the GIL.
#include "bindings/image_arguments.h"
#include "image/draws.h"
#include "image/resize.h"

using namespace fastconv;
using namespace fastconv::image;

namespace {

void augment(const std::vector<py::array>& images, const Doubles& transforms, py::array out,
             const std::string& fill, float fill_value, int order, float scale, bool centre_sample,
             bool scale_sample, const std::optional<Floats>& mean, const std::optional<Floats>& deviation) {
  if (images.empty()) return;
  const AugmentationArguments batch(images, transforms, fill, fill_value, order, scale, centre_sample,
                                    scale_sample, mean, deviation);
  float* pixels = target(out, batch.output_dims());
  const py::gil_scoped_release nogil;
  for (size_t n = 0; n < batch.pictures.size(); ++n)
    augment_picture(batch.pictures[n], batch.transforms[n], batch.sampling, batch.normalisation.values,
                    pixels + static_cast<int64_t>(n) * batch.pictures[n].size());
}

void normalise(py::array images, float scale, bool centre_sample, bool scale_sample,
               const std::optional<Floats>& mean, const std::optional<Floats>& deviation) {
  if (images.ndim() != 4)
    refuse("images: expected (n, height, width, channels); came " + shape_of(images) + ".");
  float* pixels = target(images, {images.shape(0), images.shape(1), images.shape(2), images.shape(3)});
  const Picture picture{pixels, true, images.shape(1), images.shape(2), images.shape(3)};
  NormalisationArgument normalisation;
  set_normalisation(&normalisation, picture, scale, centre_sample, scale_sample, mean, deviation);
  const py::ssize_t count = images.shape(0);
  const py::gil_scoped_release nogil;
  for (py::ssize_t n = 0; n < count; ++n)
    normalise_picture(pixels + n * picture.size(), picture.size(), normalisation.values);
}

Taps taps_of(const Indices& starts, const Floats& weights, int64_t inputs, const char* axis) {
  if (starts.ndim() != 1 || weights.ndim() != 2 || weights.shape(0) != starts.shape(0))
    refuse(std::string(axis) + ": expected starts (outputs,) and weights (outputs, taps); came " +
           shape_of(starts) + " and " + shape_of(weights) + ".");
  const Taps taps{starts.shape(0), weights.shape(1), starts.data(), weights.data()};
  for (int64_t k = 0; k < taps.outputs; ++k)
    if (taps.starts[k] < 0 || taps.starts[k] + taps.width > inputs)
      refuse(std::string(axis) + ": taps leave the image's " + std::to_string(inputs) + " pixels.");
  return taps;
}

void resize(const py::array& image, const Indices& row_starts, const Floats& row_weights,
            const Indices& column_starts, const Floats& column_weights, py::array out) {
  const Picture picture = picture_of(image);
  const Taps rows = taps_of(row_starts, row_weights, picture.height, "rows");
  const Taps columns = taps_of(column_starts, column_weights, picture.width, "columns");
  float* pixels = target(out, {rows.outputs, columns.outputs, picture.channels});
  const py::gil_scoped_release nogil;
  resize_picture(picture, rows, columns, pixels);
}

py::array_t<double> uniforms(uint64_t seed, uint32_t epoch, const Indices& indices) {
  py::array_t<double> drawn({indices.size(), static_cast<py::ssize_t>(draws_per_picture)});
  for (py::ssize_t n = 0; n < indices.size(); ++n)
    draw_uniforms(seed, epoch, static_cast<uint64_t>(indices.data()[n]),
                  drawn.mutable_data() + n * draws_per_picture);
  return drawn;
}

py::array_t<int64_t> permutation(uint64_t seed, uint32_t epoch, int64_t count) {
  if (count < 0) throw Error(ErrorKind::value, "permutation: expected a count of 0 or more.");
  py::array_t<int64_t> order(count);
  int64_t* out = order.mutable_data();
  const py::gil_scoped_release nogil;
  draw_permutation(seed, epoch, count, out);
  return order;
}

}  // namespace

void bind_image(py::module_& module) {
  module.def("image_augment", &augment, py::arg("images"), py::arg("transforms"), py::arg("out"),
             py::kw_only(), py::arg("fill_mode") = "nearest", py::arg("cval") = 0.0f, py::arg("order") = 1,
             py::arg("scale") = 1.0f, py::arg("centre_sample") = false, py::arg("scale_sample") = false,
             py::arg("mean") = py::none(), py::arg("deviation") = py::none());
  module.def("image_normalise", &normalise, py::arg("images"), py::kw_only(), py::arg("scale") = 1.0f,
             py::arg("centre_sample") = false, py::arg("scale_sample") = false, py::arg("mean") = py::none(),
             py::arg("deviation") = py::none());
  module.def("image_resize", &resize, py::arg("image"), py::arg("row_starts"), py::arg("row_weights"),
             py::arg("column_starts"), py::arg("column_weights"), py::arg("out"));
  module.def("image_uniforms", &uniforms, py::arg("seed"), py::arg("epoch"), py::arg("indices"));
  module.def("image_permutation", &permutation, py::arg("seed"), py::arg("epoch"), py::arg("count"));
}
