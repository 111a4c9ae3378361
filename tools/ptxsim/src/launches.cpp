// Kernels: launches, their limits, attributes, occupancy.
#include <algorithm>
#include "runtime.h"

namespace {

constexpr u64 registers = 65536;  // a multiprocessor's
constexpr u64 static_shared = 48 * 1024;

u64 threads(dim3 block) { return u64(block.x) * block.y * block.z; }

// Registers are given to warps in units of 256.
u64 registers_of_warp(int registers_of_thread) { return (registers_of_thread * 32 + 255) / 256 * 256; }

u64 most_threads(const KernelDecl& declaration) {
  u64 most = 1024;
  const int* bounds = declaration.maxntid;
  if (bounds[0]) most = u64(bounds[0]) * bounds[1] * bounds[2];
  if (declaration.regs) most = std::min(most, registers / registers_of_warp(declaration.regs) * 32);
  return most;
}

cudaError_t check_shape(dim3 grid, dim3 block) {
  const bool empty = !grid.x || !grid.y || !grid.z || !block.x || !block.y || !block.z;
  const bool large = block.x > 1024 || block.y > 1024 || block.z > 64 || threads(block) > 1024 ||
                     grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535;
  return empty || large ? cudaErrorInvalidConfiguration : cudaSuccess;
}

cudaError_t check_registers(const Code& code, const KernelDecl& declaration, u64 block_threads) {
  const auto count = (unsigned long long)block_threads;
  const int* bounds = declaration.maxntid;
  if (bounds[0] && block_threads > u64(bounds[0]) * bounds[1] * bounds[2]) {
    note("kernel %s: %llu threads exceed its __launch_bounds__", code.pretty.c_str(), count);
    return cudaErrorLaunchOutOfResources;
  }
  if (declaration.regs && registers_of_warp(declaration.regs) * ((block_threads + 31) / 32) > registers) {
    note("kernel %s: %d registers x %llu threads exceed the register file", code.pretty.c_str(),
         declaration.regs, count);
    return cudaErrorLaunchOutOfResources;
  }
  return cudaSuccess;
}

cudaError_t check_shared(const Kernel& kernel, const Code& code, size_t dynamic_shared) {
  const u64 total = dynamic_shared + code.shared_static, most_dynamic = kernel.most_dynamic_shared;
  const bool raised = most_dynamic > static_shared;
  if (dynamic_shared <= most_dynamic && (raised || !dynamic_shared || total <= static_shared) &&
      total <= device_model().most_shared())
    return cudaSuccess;
  if (getenv("PTXSIM_VERBOSE"))
    note("kernel %s: %zu bytes of dynamic shared memory are not allowed (cudaFuncSetAttribute)",
         code.pretty.c_str(), dynamic_shared);
  return cudaErrorInvalidValue;
}

cudaError_t launch(const char* name, const void* function, dim3 grid, dim3 block, void** arguments,
                   size_t dynamic_shared, cudaStream_t handle, bool cooperative) {
  const Call call(name, [&] {
    const Kernel* kernel = find_kernel(function);
    if (!kernel) return std::string("?");
    return sfmt("%s grid=%ux%ux%u block=%ux%ux%u shared=%zu stream=%s", demangle(kernel->name).c_str(),
                grid.x, grid.y, grid.z, block.x, block.y, block.z, dynamic_shared, name_of(handle).c_str());
  });
  ANSWER_IF(call.refused());
  Kernel* kernel = find_kernel(function);
  if (!kernel) return answer(cudaErrorInvalidDeviceFunction);
  STREAM(stream, handle);
  ANSWER_IF(injected("launch", cudaErrorLaunchOutOfResources));
  Work work;
  ANSWER_IF(make_launch(*kernel, grid, block, arguments, dynamic_shared, cooperative, work));
  ++runtime.launches;
  work.device = stream->device;
  return answer(submit(*stream, std::move(work)));
}

// The kernel and its code, or the error that a call about them answers.
cudaError_t find_code(const void* function, Kernel*& kernel, Code*& code) {
  kernel = find_kernel(function);
  if (!kernel) return cudaErrorInvalidDeviceFunction;
  cudaError_t error;
  code = code_of(*kernel, error);
  return error;
}

cudaError_t blocks_per_multiprocessor(int* blocks, const void* function, int block_threads,
                                      size_t dynamic_shared) {
  Kernel* kernel;
  Code* code;
  ANSWER_IF(find_code(function, kernel, code));
  if (block_threads < 1) return answer(cudaErrorInvalidValue);
  const DeviceModel& model = device_model();
  const u64 warps = (block_threads + 31) / 32, shared = code->shared_static + dynamic_shared;
  u64 most = block_threads > 1024 ? 0 : std::min<u64>(model.blocks, model.threads / 32 / warps);
  if (const int used = declaration_of(*kernel).regs)  // four schedulers, each with a quarter of the registers
    most = std::min(most, registers / 4 / registers_of_warp(used) * 4 / warps);
  most = std::min(most, u64(model.shared_kib) * 1024 / ((shared + 1024 + 127) / 128 * 128));
  *blocks = shared > model.most_shared() ? 0 : int(most);
  return cudaSuccess;
}

}  // namespace

cudaError_t make_launch(Kernel& kernel, dim3 grid, dim3 block, void** arguments, size_t dynamic_shared,
                        bool cooperative, Work& work) {
  cudaError_t error;
  const Code* code = code_of(kernel, error);
  if (!code) return error;
  const KernelDecl& declaration = declaration_of(kernel);
  if ((error = check_shape(grid, block))) return error;
  if ((error = check_registers(*code, declaration, threads(block)))) return error;
  if ((error = check_shared(kernel, *code, dynamic_shared))) return error;
  work.kind = Work::kernel;
  work.device = this_thread.device;
  work.function = &kernel;
  work.grid = grid;
  work.block = block;
  work.dynamic_shared = dynamic_shared;
  work.cooperative = cooperative;
  work.parameters.resize(declaration.param_bytes);
  for (size_t i = 0; i < declaration.params.size(); ++i)
    memcpy(&work.parameters[declaration.params[i].off], arguments[i], declaration.params[i].size);
  return cudaSuccess;
}

extern "C" {
cudaError_t cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void** arguments,
                             size_t dynamic_shared, cudaStream_t stream) {
  return launch("cudaLaunchKernel", function, grid, block, arguments, dynamic_shared, stream, false);
}
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments,
                               size_t dynamic_shared, cudaStream_t stream) {
  return launch("cudaLaunchKernel", kernel, grid, block, arguments, dynamic_shared, stream, false);
}
cudaError_t cudaLaunchCooperativeKernel(const void* function, dim3 grid, dim3 block, void** arguments,
                                        size_t dynamic_shared, cudaStream_t stream) {
  return launch("cudaLaunchCooperativeKernel", function, grid, block, arguments, dynamic_shared, stream,
                true);
}
cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* wanted, const void* function, void** arguments) {
  bool cooperative = false;
  for (unsigned i = 0; i < wanted->numAttrs; ++i) {
    const cudaLaunchAttribute& attribute = wanted->attrs[i];
    const auto& cluster = attribute.val.clusterDim;
    if (attribute.id == cudaLaunchAttributeCooperative) cooperative = attribute.val.cooperative;
    if (attribute.id == cudaLaunchAttributeClusterDimension && cluster.x * cluster.y * cluster.z > 1) {
      note("thread block clusters are not supported");
      return answer(cudaErrorNotSupported);
    }
  }
  return launch("cudaLaunchKernelExC", function, wanted->gridDim, wanted->blockDim, arguments,
                wanted->dynamicSmemBytes, wanted->stream, cooperative);
}

cudaError_t __cudaGetKernel(cudaKernel_t* handle, const void* function) {
  const std::lock_guard<std::recursive_mutex> lock(runtime.lock);
  *handle = (cudaKernel_t)find_kernel(function);
  return *handle ? cudaSuccess : cudaErrorInvalidDeviceFunction;
}
cudaError_t cudaGetKernel(cudaKernel_t* handle, const void* function) {
  return __cudaGetKernel(handle, function);
}
cudaError_t cudaGetFuncBySymbol(cudaFunction_t* handle, const void* function) {
  return __cudaGetKernel((cudaKernel_t*)handle, function);
}
cudaError_t cudaFuncGetName(const char** name, const void* function) {
  const std::lock_guard<std::recursive_mutex> lock(runtime.lock);
  const Kernel* kernel = find_kernel(function);
  if (!kernel) return answer(cudaErrorInvalidDeviceFunction);
  *name = kernel->name.c_str();
  return cudaSuccess;
}
cudaError_t cudaFuncGetParamInfo(const void* function, size_t index, size_t* offset, size_t* bytes) {
  const std::lock_guard<std::recursive_mutex> lock(runtime.lock);
  const Kernel* kernel = find_kernel(function);
  if (!kernel || !module_ready(*kernel->module)) return answer(cudaErrorInvalidDeviceFunction);
  const auto& parameters = declaration_of(*kernel).params;
  if (index >= parameters.size()) return answer(cudaErrorInvalidValue);
  if (offset) *offset = parameters[index].off;
  if (bytes) *bytes = parameters[index].size;
  return cudaSuccess;
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* function) {
  CALL(cudaFuncGetAttributes);
  Kernel* kernel;
  Code* code;
  ANSWER_IF(find_code(function, kernel, code));
  const KernelDecl& declaration = declaration_of(*kernel);
  *attributes = {};
  attributes->sharedSizeBytes = code->shared_static;
  attributes->localSizeBytes = declaration.local_sass ? declaration.local_sass : code->local_bytes;
  attributes->numRegs = declaration.regs;
  attributes->maxThreadsPerBlock = most_threads(declaration);
  attributes->ptxVersion = kernel->module->ptx_arch;
  attributes->binaryVersion = cfg.sm;
  attributes->maxDynamicSharedSizeBytes =
      kernel->most_dynamic_shared -
      (kernel->most_dynamic_shared == int(static_shared) ? int(code->shared_static) : 0);
  attributes->preferredShmemCarveout = kernel->carveout;
  for (const PVar& variable : kernel->module->vars)
    if (variable.sym.k == Sym::CONST) attributes->constSizeBytes += variable.sym.size;
  return cudaSuccess;
}
cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute attribute, int value) {
  CALL(cudaFuncSetAttribute, "attr=%d value=%d", int(attribute), value);
  Kernel* kernel;
  Code* code;
  ANSWER_IF(find_code(function, kernel, code));
  if (attribute == cudaFuncAttributeMaxDynamicSharedMemorySize) {
    if (value < 0 || u64(value) + code->shared_static > device_model().most_shared())
      return answer(cudaErrorInvalidValue);
    kernel->most_dynamic_shared = value;
  } else if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) {
    if (value < -1 || value > 100) return answer(cudaErrorInvalidValue);
    kernel->carveout = value;
  }
  return cudaSuccess;
}
cudaError_t cudaKernelSetAttributeForDevice(cudaKernel_t kernel, cudaFuncAttribute attribute, int value,
                                            int) {
  return cudaFuncSetAttribute(kernel, attribute, value);
}
cudaError_t cudaFuncSetCacheConfig(const void* function, cudaFuncCache) {
  CALL(cudaFuncSetCacheConfig);
  return find_kernel(function) ? cudaSuccess : answer(cudaErrorInvalidDeviceFunction);
}
cudaError_t cudaFuncSetSharedMemConfig(const void*, cudaSharedMemConfig) { return cudaSuccess; }

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* function, int threads,
                                                          size_t dynamic_shared) {
  CALL(cudaOccupancyMaxActiveBlocksPerMultiprocessor);
  return blocks_per_multiprocessor(blocks, function, threads, dynamic_shared);
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void* function,
                                                                   int threads, size_t dynamic_shared,
                                                                   unsigned) {
  CALL(cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags);
  return blocks_per_multiprocessor(blocks, function, threads, dynamic_shared);
}
cudaError_t cudaOccupancyAvailableDynamicSMemPerBlock(size_t* bytes, const void* function, int blocks, int) {
  CALL(cudaOccupancyAvailableDynamicSMemPerBlock);
  Kernel* kernel;
  Code* code;
  if (blocks < 1 || !find_kernel(function)) return answer(cudaErrorInvalidValue);
  ANSWER_IF(find_code(function, kernel, code));
  const s64 share = device_model().shared_kib * 1024 / blocks / 128 * 128 - 1024;
  const s64 most = std::min<s64>(share, device_model().most_shared()) - code->shared_static;
  *bytes = std::max<s64>(most, 0);
  return cudaSuccess;
}
}
