// Image passes for Python.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

namespace py = pybind11;

void bind_image(py::module_& module) { (void)module; }
