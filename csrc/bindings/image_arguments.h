// What the image passes take from Python, checked and converted; on the CPU and on CUDA alike.
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "image/augment.h"

namespace fastconv::image {

namespace py = pybind11;

using Floats = py::array_t<float, py::array::c_style>;
using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;
using Indices = py::array_t<int64_t, py::array::c_style | py::array::forcecast>;

[[noreturn]] inline void refuse(const std::string& message) { throw Error(ErrorKind::shape, message); }

inline std::string shape_of(const py::array& array) { return py::str(array.attr("shape")); }

inline FillMode fill_mode(const std::string& name) {
  if (name == "nearest") return FillMode::nearest;
  if (name == "constant") return FillMode::constant;
  if (name == "reflect") return FillMode::reflect;
  if (name == "wrap") return FillMode::wrap;
  throw Error(ErrorKind::value,
              "fill_mode: expected 'nearest', 'constant', 'reflect' or 'wrap'; came '" + name + "'.");
}

inline Picture picture_of(const py::array& array) {
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
inline float* target(py::array& array, const std::vector<py::ssize_t>& dims) {
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

inline const float* periodic(const Floats& array, const Picture& picture, const char* name, int64_t* period) {
  *period = array.size();
  if (array.size() != picture.channels && array.size() != picture.size())
    refuse(std::string(name) + ": expected one value a channel (" + std::to_string(picture.channels) +
           ") or a pixel; came " + shape_of(array) + ".");
  return array.data();
}

inline void set_normalisation(NormalisationArgument* argument, const Picture& picture, float scale,
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
enum TransformColumn {
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

inline Transform transform_of(const double* row) {
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

// A batch of one picture or more for augmentation; the arrays behind the pointers must outlive it.
struct AugmentationArguments {
  std::vector<Picture> pictures;  // of one shape and dtype
  std::vector<Transform> transforms;
  Sampling sampling;
  NormalisationArgument normalisation;

  AugmentationArguments(const std::vector<py::array>& images, const Doubles& rows, const std::string& fill,
                        float fill_value, int order, float scale, bool centre_sample, bool scale_sample,
                        const std::optional<Floats>& mean, const std::optional<Floats>& deviation) {
    for (const py::array& image : images) {
      pictures.push_back(picture_of(image));
      const Picture &picture = pictures.back(), &first = pictures.front();
      if (picture.height != first.height || picture.width != first.width ||
          picture.channels != first.channels)
        refuse("images of one batch: expected one shape; came " + shape_of(images.front()) + " and " +
               shape_of(image) + ".");
    }
    const auto count = static_cast<py::ssize_t>(images.size());
    if (rows.ndim() != 2 || rows.shape(0) != count || rows.shape(1) != columns)
      refuse("transforms: expected (" + std::to_string(count) + ", " + std::to_string(columns) + "); came " +
             shape_of(rows) + ".");
    for (py::ssize_t n = 0; n < count; ++n) transforms.push_back(transform_of(rows.data() + n * columns));
    if (order != 0 && order != 1)
      throw Error(ErrorKind::value, "interpolation_order: expected 0 (nearest) or 1 (bilinear); came " +
                                        std::to_string(order) + ".");
    sampling = {fill_mode(fill), fill_value, order};
    set_normalisation(&normalisation, pictures.front(), scale, centre_sample, scale_sample, mean, deviation);
  }

  std::vector<py::ssize_t> output_dims() const {
    const Picture& first = pictures.front();
    return {static_cast<py::ssize_t>(pictures.size()), first.height, first.width, first.channels};
  }
};

}  // namespace fastconv::image
