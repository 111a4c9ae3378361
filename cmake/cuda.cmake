# libfastconv_cuda, the kernels for NVIDIA's GPUs, and _cuda, its Python module; nothing where FASTCONV_CUDA says so.
if(NOT FASTCONV_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "FASTCONV_CUDA: expected AUTO, ON or OFF; came '${FASTCONV_CUDA}'")
endif()
if(FASTCONV_CUDA STREQUAL "OFF")
  return()
endif()
string(CONCAT archs_problem "FASTCONV_CUDA_ARCHS: expected dev, release, or compute capabilities from 8.0 on without "
                            "the point (90;100); came '${FASTCONV_CUDA_ARCHS}'")
if("${FASTCONV_CUDA_ARCHS}" STREQUAL "")
  message(FATAL_ERROR "${archs_problem}")
endif()
foreach(arch IN LISTS FASTCONV_CUDA_ARCHS)
  if(NOT arch MATCHES "^(dev|release|native|([89]|1[0-9])[0-9][af]?(-real|-virtual)?)$")
    message(FATAL_ERROR "${archs_problem}")
  endif()
endforeach()
include(cmake/find_nvcc.cmake)
fastconv_find_nvcc()
if(FASTCONV_CUDA STREQUAL "AUTO")
  find_library(cuda_driver NAMES libcuda.so.1)
  if(NOT nvcc OR NOT cuda_driver)
    message(STATUS "CUDA: not built (AUTO: needs nvcc and libcuda.so.1; FASTCONV_CUDA=ON builds all the same)")
    return()
  endif()
endif()
if(NOT nvcc)
  message(FATAL_ERROR "FASTCONV_CUDA=ON: ${nvcc_problem}. Install CUDA ${fastconv_cuda_major}, or NVIDIA's compiler "
                      "from PyPI: pip install '.[cuda-dev]' in the environment that builds.")
endif()
set(CMAKE_CUDA_COMPILER ${nvcc})

if(FASTCONV_CUDA_ARCHS STREQUAL "dev")
  set(CMAKE_CUDA_ARCHITECTURES 80)  # machine code and PTX; the emulated runtime needs the latter
elseif(FASTCONV_CUDA_ARCHS STREQUAL "release")
  set(CMAKE_CUDA_ARCHITECTURES 80 86-real 89-real 90-real 100-real 120-real)
else()
  set(CMAKE_CUDA_ARCHITECTURES ${FASTCONV_CUDA_ARCHS})
endif()
set(CMAKE_CUDA_RUNTIME_LIBRARY None)  # ours to choose: the shared one, by its file name (the packages have no libcudart.so)
# CMake's trial programs link the static one, and nvcc looks for it in lib64, where the packages have lib.
get_filename_component(nvcc_libraries ${nvcc}/../../lib ABSOLUTE)
set(ENV{LIBRARY_PATH} "${nvcc_libraries}:$ENV{LIBRARY_PATH}")
enable_language(CUDA)
set(CMAKE_CUDA_STANDARD 17)
set(toolkit ${CMAKE_CUDA_COMPILER_TOOLKIT_ROOT})  # not the compiler's folder: nvcc may be a script elsewhere
find_file(cuda_runtime libcudart.so.13 REQUIRED NO_DEFAULT_PATH NO_CACHE
          PATHS ${toolkit}/lib ${toolkit}/lib64 ${toolkit}/targets/x86_64-linux/lib)
get_filename_component(cuda_runtime ${cuda_runtime} REALPATH)
message(STATUS "CUDA: ${CMAKE_CUDA_COMPILER} ${CMAKE_CUDA_COMPILER_VERSION}, for ${CMAKE_CUDA_ARCHITECTURES}")
# The shared runtime travels beside the kernels, under the name that they ask for.
set(runtime_copy ${CMAKE_BINARY_DIR}/cuda_runtime/libcudart.so.13)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/cuda_runtime)
file(COPY_FILE ${cuda_runtime} ${runtime_copy} ONLY_IF_DIFFERENT)

file(GLOB_RECURSE cuda_sources CONFIGURE_DEPENDS csrc/cuda/*.cu csrc/cuda/*.cpp)
add_library(fastconv_cuda SHARED ${cuda_sources})
target_include_directories(fastconv_cuda PUBLIC csrc)
target_include_directories(fastconv_cuda SYSTEM PUBLIC ${toolkit}/include)
target_link_libraries(fastconv_cuda PRIVATE fastconv ${runtime_copy})
# Registers and spills of every kernel are kept: cuda_resources/<stem>.txt in the build folder.
target_compile_options(fastconv_cuda PRIVATE
  "$<$<COMPILE_LANGUAGE:CUDA>:-lineinfo;-Xptxas=-v;--expt-relaxed-constexpr;--extended-lambda;-Xcompiler=-Wno-pedantic>")
set_target_properties(fastconv_cuda PROPERTIES RULE_LAUNCH_COMPILE
  "\"${CMAKE_CURRENT_SOURCE_DIR}/cmake/keep_resources.sh\" \"${CMAKE_BINARY_DIR}/cuda_resources\" <SOURCE>")

if(FASTCONV_PYTHON)
  pybind11_add_module(_cuda NO_EXTRAS csrc/bindings/cuda_module.cpp)
  target_link_libraries(_cuda PRIVATE fastconv fastconv_cuda)
  target_compile_options(_cuda PRIVATE -O1)
  # RUNPATH, never RPATH: LD_LIBRARY_PATH must be able to put the emulated runtime in front.
  set_target_properties(_cuda fastconv_cuda PROPERTIES
    BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN" LINK_OPTIONS "LINKER:--enable-new-dtags")
  add_custom_command(TARGET fastconv_cuda POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E copy_if_different ${runtime_copy} $<TARGET_FILE_DIR:fastconv_cuda>)
  install(TARGETS _cuda fastconv_cuda LIBRARY DESTINATION fastconv)
  install(FILES ${runtime_copy} DESTINATION fastconv)
  # Its terms travel with it: our notice, then NVIDIA's text, from the toolkit or the packages.
  set(terms ${toolkit}/EULA.txt)
  if(NOT EXISTS ${terms})
    execute_process(
      COMMAND ${Python_EXECUTABLE} -c
              "import importlib.metadata as m; print(next(p.locate() for p in m.files('nvidia-cuda-runtime') if p.name == 'License.txt'))"
      OUTPUT_VARIABLE terms OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
  file(READ cmake/NVIDIA.txt notice)
  if(terms)
    file(READ ${terms} text)
    string(APPEND notice "\n${text}")
  else()
    message(WARNING "CUDA: the terms of NVIDIA's runtime were not found in ${toolkit}: keep this build to yourself")
  endif()
  file(WRITE ${CMAKE_BINARY_DIR}/NVIDIA.txt "${notice}")
  if(SKBUILD_METADATA_DIR)
    install(FILES ${CMAKE_BINARY_DIR}/NVIDIA.txt DESTINATION ${SKBUILD_METADATA_DIR}/licenses)
  endif()
endif()
# Templates of one name exist on both sides with bodies of their own (which dtypes a row takes, its cost): each library
# keeps to its own, whatever was loaded before it.
target_link_options(fastconv_cuda PRIVATE LINKER:-Bsymbolic-functions)
