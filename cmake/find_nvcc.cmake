# Which nvcc builds the CUDA kernels: one that the caller names (CMAKE_CUDA_COMPILER, CUDACXX), the system's, or that of
# NVIDIA's packages on PyPI, which pyproject.toml asks for when FASTCONV_CUDA=ON.  They are a toolkit under
# site-packages/nvidia/cu13, in a place where CMake's FindCUDAToolkit does not look.
option(FASTCONV_SYSTEM_NVCC "look for nvcc on the path and under CUDA_HOME; OFF: NVIDIA's packages alone" ON)
# The kernels ask for libcudart.so.13 by name; drivers from 580 on have it.
set(fastconv_cuda_major 13)

# Release of an nvcc, "13.0"; "unknown" where it does not run.
function(fastconv_cuda_release nvcc result)
  execute_process(COMMAND ${nvcc} --version OUTPUT_VARIABLE text ERROR_QUIET)
  set(release unknown)
  if(text MATCHES "release ([0-9]+\\.[0-9]+)")
    set(release ${CMAKE_MATCH_1})
  endif()
  set(${result} ${release} PARENT_SCOPE)
endfunction()

function(fastconv_packaged_nvcc result)
  if(NOT Python_EXECUTABLE)
    find_package(Python 3.11 COMPONENTS Interpreter)
  endif()
  execute_process(
    COMMAND ${Python_EXECUTABLE} -c
            "import nvidia, os; print(next(n for p in nvidia.__path__ if os.path.isfile(n := p + '/cu13/bin/nvcc')))"
    OUTPUT_VARIABLE nvcc OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(${result} ${nvcc} PARENT_SCOPE)
endfunction()

# Sets `nvcc`; where there is none, leaves it empty and sets `nvcc_problem`.
function(fastconv_find_nvcc)
  set(candidates ${CMAKE_CUDA_COMPILER})
  if(NOT candidates)
    set(candidates $ENV{CUDACXX})
    if(FASTCONV_SYSTEM_NVCC)
      find_program(system_nvcc nvcc HINTS $ENV{CUDA_HOME}/bin $ENV{CUDA_PATH}/bin PATHS /usr/local/cuda/bin NO_CACHE)
      if(system_nvcc)
        list(APPEND candidates ${system_nvcc})
      endif()
    endif()
    fastconv_packaged_nvcc(packaged)
    list(APPEND candidates ${packaged})
  endif()
  set(found "there is none")
  foreach(candidate IN LISTS candidates)
    fastconv_cuda_release(${candidate} release)
    if(release MATCHES "^${fastconv_cuda_major}\\.")
      set(nvcc ${candidate} PARENT_SCOPE)
      return()
    endif()
    set(found "${candidate} is of CUDA ${release}")
    message(STATUS "CUDA: ${found}, not ${fastconv_cuda_major}")
  endforeach()
  set(nvcc "" PARENT_SCOPE)
  set(nvcc_problem "expected nvcc of CUDA ${fastconv_cuda_major}; ${found}" PARENT_SCOPE)
endfunction()
