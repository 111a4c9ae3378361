// Native errors as Python's, by kind; each module registers the translation for itself.
#pragma once
#include <pybind11/pybind11.h>

#include "core/error.h"

namespace fastconv {

[[noreturn]] inline void raise_python(const Error& error) {
  namespace py = pybind11;
  if (error.kind() == ErrorKind::interrupted) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_KeyboardInterrupt, error.what());
    throw py::error_already_set();
  }
  static const char* const classes[] = {"ArgumentError", "ShapeError",  "DataError",    "WeightsError",
                                        "DeviceError",   "OutOfMemory", "NumericsError"};
  const py::object type =
      py::module_::import("fastconv.runtime.errors").attr(classes[static_cast<int>(error.kind())]);
  PyErr_SetString(type.ptr(), error.what());
  throw py::error_already_set();
}

inline void translate_errors() {
  pybind11::register_local_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const Error& error) {
      try {
        raise_python(error);
      } catch (pybind11::error_already_set& set) {
        set.restore();
      }
    }
  });
}

}  // namespace fastconv
