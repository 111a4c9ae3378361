# The compiler: the system's nvcc, else NVIDIA's packages from PyPI, which pyproject.toml asks for when FASTCONV_CUDA=ON
# (a toolkit under site-packages/nvidia/cu13, without the names that CMake's FindCUDAToolkit looks for).
function(fastconv_find_nvcc)
  if(CMAKE_CUDA_COMPILER)
    return()
  endif()
  find_program(system_nvcc nvcc HINTS $ENV{CUDA_HOME}/bin $ENV{CUDA_PATH}/bin /usr/local/cuda/bin)
  if(system_nvcc)
    set(CMAKE_CUDA_COMPILER ${system_nvcc} PARENT_SCOPE)
    return()
  endif()
  if(NOT Python_EXECUTABLE)
    find_package(Python 3.11 COMPONENTS Interpreter)
  endif()
  execute_process(
    COMMAND ${Python_EXECUTABLE} -c
            "import nvidia, os; print(next(p + '/cu13' for p in nvidia.__path__ if os.path.isfile(p + '/cu13/bin/nvcc')))"
    OUTPUT_VARIABLE packaged OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(packaged)
    set(CMAKE_CUDA_COMPILER ${packaged}/bin/nvcc PARENT_SCOPE)
  endif()
endfunction()

if(FASTCONV_CUDA STREQUAL "OFF")
  return()
endif()
fastconv_find_nvcc()
if(FASTCONV_CUDA STREQUAL "AUTO")
  find_library(cuda_driver NAMES libcuda.so.1)
  if(NOT CMAKE_CUDA_COMPILER OR NOT cuda_driver)
    message(STATUS "CUDA: not built (AUTO: needs nvcc and libcuda.so.1; FASTCONV_CUDA=ON builds all the same)")
    return()
  endif()
endif()
if(NOT CMAKE_CUDA_COMPILER)
  message(FATAL_ERROR "FASTCONV_CUDA=ON: no nvcc was found. Install CUDA 13, or NVIDIA's compiler from PyPI: "
                      "pip install 'fastconv[cuda-dev]' in the environment that builds.")
endif()

if(FASTCONV_CUDA_ARCHS STREQUAL "dev")
  set(CMAKE_CUDA_ARCHITECTURES 80)  # machine code and PTX; the emulated runtime needs the latter
elseif(FASTCONV_CUDA_ARCHS STREQUAL "release")
  set(CMAKE_CUDA_ARCHITECTURES 80 86-real 89-real 90-real 100-real 120-real)
else()
  set(CMAKE_CUDA_ARCHITECTURES ${FASTCONV_CUDA_ARCHS})
endif()
set(CMAKE_CUDA_RUNTIME_LIBRARY None)  # ours to choose: the packages have no static one and no libcudart.so
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
# Registers and spills of every kernel are kept: build/cuda_resources/<stem>.txt (cmake/nvcc_keeping_report.sh).
target_compile_options(fastconv_cuda PRIVATE
  "$<$<COMPILE_LANGUAGE:CUDA>:-lineinfo;-Xptxas=-v;--expt-relaxed-constexpr;--extended-lambda;-Xcompiler=-Wno-pedantic>")

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
endif()
