// Image passes for Python: checks and conversions; the passes run without the GIL.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "image/augment.h"
#include "image/draws.h"
#include "image/resize.h"

namespace py = pybind11;
using namespace fastconv;
using namespace fastconv::image;

namespace {

using Floats = py::array_t<float, py::array::c_style>;
using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;
using Indices = py::array_t<int64_t, py::array::c_style | py::array::forcecast>;

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::shape, message); }

std::string shape_of(const py::array& array) { return py::str(array.attr("shape")); }

FillMode fill_mode(const std::string& name) {
  if (name == "nearest") return FillMode::nearest;
  if (name == "constant") return FillMode::constant;
  if (name == "reflect") return FillMode::reflect;
  if (name == "wrap") return FillMode::wrap;
  throw Error(ErrorKind::value,
              "fill_mode: expected 'nearest', 'constant', 'reflect' or 'wrap'; came '" + name + "'.");
}

Picture picture_of(const py::array& array) {
  const bool is_byte = py::isinstance<py::array_t<uint8_t>>(array);
  if (!is_byte && !py::isinstance<py::array_t<float>>(array))
    throw Error(ErrorKind::value,
                "an image: expected uint8 or float32; came " + std::string(py::str(array.dtype())) + ".");
  if (array.ndim() != 3 || array.size() == 0)
    refuse("an image: expected (height, width, channels); came " + shape_of(array) + ".");
  if (!(array.flags() & py::array::c_style)) refuse("an image: expected contiguous pixels.");
  return {array.data(), !is_byte, array.shape(0), array.shape(1), array.shape(2)};
}

// A writable float32 array of exactly these dimensions; never a converted copy, whose values would be lost.
float* target(py::array& array, const std::vector<py::ssize_t>& dims) {
  bool fits = array.ndim() == static_cast<py::ssize_t>(dims.size());
  for (size_t i = 0; fits && i < dims.size(); ++i) fits = array.shape(i) == dims[i];
  if (!fits || !py::isinstance<py::array_t<float>>(array) || !(array.flags() & py::array::c_style))
    refuse("the output: expected contiguous float32 for the images; came " +
           std::string(py::str(array.dtype())) + " " + shape_of(array) + ".");
  return static_cast<float*>(array.mutable_data());
}

// Keeps the arrays that the pointers belong to.
struct NormalisationArgument {
  Normalisation values;
  Floats mean, deviation;
};

const float* periodic(const Floats& array, const Picture& picture, const char* name, int64_t* period) {
  *period = array.size();
  if (array.size() != picture.channels && array.size() != picture.size())
    refuse(std::string(name) + ": expected one value a channel (" + std::to_string(picture.channels) +
           ") or a pixel; came " + shape_of(array) + ".");
  return array.data();
}

void set_normalisation(NormalisationArgument* argument, const Picture& picture, float scale,
                       bool centre_sample, bool scale_sample, const std::optional<Floats>& mean,
                       const std::optional<Floats>& deviation) {
  argument->values.scale = scale;
  argument->values.centre_sample = centre_sample;
  argument->values.scale_sample = scale_sample;
  if (mean) {
    argument->mean = *mean;
    argument->values.mean = periodic(*mean, picture, "mean", &argument->values.mean_period);
  }
  if (deviation) {
    argument->deviation = *deviation;
    argument->values.deviation = periodic(*deviation, picture, "std", &argument->values.deviation_period);
  }
}

// A row of the transforms: six numbers of the map, then the switches (fastconv.data.augment lists them).
enum Column {
  m00,
  m01,
  m10,
  m11,
  row_offset,
  column_offset,
  affine,
  flip_rows,
  flip_columns,
  shifts,
  shift,
  lights,
  light,
  columns
};

Transform transform_of(const double* row) {
  Transform transform;
  transform.is_affine = row[affine] != 0;
  for (int k = 0; k < 4; ++k) transform.matrix[k] = row[m00 + k];
  for (int k = 0; k < 2; ++k) transform.offset[k] = row[row_offset + k];
  transform.flip_rows = row[flip_rows] != 0;
  transform.flip_columns = row[flip_columns] != 0;
  transform.shifts_channels = row[shifts] != 0;
  transform.channel_shift = static_cast<float>(row[shift]);
  transform.changes_brightness = row[lights] != 0;
  transform.brightness = static_cast<float>(row[light]);
  return transform;
}

void augment(const std::vector<py::array>& images, const Doubles& transforms, py::array out,
             const std::string& fill, float fill_value, int order, float scale, bool centre_sample,
             bool scale_sample, const std::optional<Floats>& mean, const std::optional<Floats>& deviation) {
  if (images.empty()) return;
  const auto count = static_cast<py::ssize_t>(images.size());
  std::vector<Picture> pictures;
  for (const py::array& image : images) {
    pictures.push_back(picture_of(image));
    const Picture &picture = pictures.back(), &first = pictures.front();
    if (picture.height != first.height || picture.width != first.width || picture.channels != first.channels)
      refuse("images of one batch: expected one shape; came " + shape_of(images.front()) + " and " +
             shape_of(image) + ".");
  }
  const Picture& first = pictures.front();
  float* pixels = target(out, {count, first.height, first.width, first.channels});
  if (transforms.ndim() != 2 || transforms.shape(0) != count || transforms.shape(1) != columns)
    refuse("transforms: expected (" + std::to_string(count) + ", " + std::to_string(columns) + "); came " +
           shape_of(transforms) + ".");
  if (order != 0 && order != 1)
    throw Error(ErrorKind::value, "interpolation_order: expected 0 (nearest) or 1 (bilinear); came " +
                                      std::to_string(order) + ".");
  const Sampling sampling{fill_mode(fill), fill_value, order};
  NormalisationArgument normalisation;
  set_normalisation(&normalisation, first, scale, centre_sample, scale_sample, mean, deviation);
  const double* rows = transforms.data();
  const py::gil_scoped_release nogil;
  for (py::ssize_t n = 0; n < count; ++n)
    augment_picture(pictures[n], transform_of(rows + n * columns), sampling, normalisation.values,
                    pixels + n * first.size());
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
