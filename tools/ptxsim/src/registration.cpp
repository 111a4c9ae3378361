// What the code that nvcc generates calls: fat binaries, kernels and variables are registered before main, and a
// launch's configuration travels from <<<...>>> to the stub.
#include "runtime.h"

namespace {

struct FatBinaryWrapper {
  int magic, version;
  const void* data;
  void* filename_or_fatbins;
};
constexpr int wrapper_magic = 0x466243b1;

// By host address: the module, and the variable's index in it.
std::map<const void*, std::pair<Module*, int>>& variables =
    undestroyed<std::map<const void*, std::pair<Module*, int>>>();

// Variables wait to be looked up until one is asked for: parsing the PTX at every program's start would cost.
struct LateVariable {
  Module* module;
  const void* host;
  std::string name;
};
std::vector<LateVariable>& late_variables = undestroyed<std::vector<LateVariable>>();

void look_up(Module& module, const void* host, const std::string& name) {
  if (!module_ready(module)) return;
  const auto found = module.varidx.find(std::string_view(name));
  if (found != module.varidx.end()) variables[host] = {&module, found->second};
}

struct Configuration {
  dim3 grid, block;
  size_t dynamic_shared;
  cudaStream_t stream;
};
thread_local std::vector<Configuration> configurations;

}  // namespace

bool module_ready(Module& module) {
  if (module.parsed || !module.error.empty()) return module.error.empty();
  try {
    parse_module(module);
  } catch (const std::exception& problem) {
    module.error = problem.what();
  }
  if (!module.error.empty()) note("%s", module.error.c_str());
  return module.error.empty();
}

Code* code_of(const Kernel& kernel, cudaError_t& error) {
  error = cudaErrorNoKernelImageForDevice;
  if (!module_ready(*kernel.module)) return nullptr;
  try {
    const bool fresh = !kernel.module->codes.count(kernel.name);
    const double start = now();
    Code* code = kernel.module->code(kernel.name);
    if (fresh && getenv("PTXSIM_VERBOSE"))
      note("%s: compiled in %.1f ms, %zu instructions, frame %u bytes, %zu blocks", code->pretty.c_str(),
           (now() - start) * 1e3, code->ins.size(), code->frame, code->bbs.size());
    error = cudaSuccess;
    return code;
  } catch (const std::exception& problem) {
    note("kernel %s: %s", demangle(kernel.name).c_str(), problem.what());
    error = cudaErrorInvalidPtx;
    return nullptr;
  }
}

const KernelDecl& declaration_of(const Kernel& kernel) {
  return kernel.module->kernels.find(kernel.name)->second;
}

Kernel* find_kernel(const void* stub_or_handle) {
  const auto found = runtime.kernel_of_stub.find(stub_or_handle);
  if (found != runtime.kernel_of_stub.end()) return found->second;
  Kernel* const handle = (Kernel*)stub_or_handle;
  return runtime.kernels.count(handle) ? handle : nullptr;
}

bool find_variable(const void* symbol, Module*& module, int& index) {
  for (const LateVariable& late : late_variables) look_up(*late.module, late.host, late.name);
  late_variables.clear();
  const auto found = variables.find(symbol);
  if (found == variables.end()) return false;
  std::tie(module, index) = found->second;
  return true;
}

extern "C" {
void** __cudaRegisterFatBinary(void* binary) {
  const std::lock_guard<std::recursive_mutex> lock(runtime.lock);
  config_init();
  runtime.modules.push_back(std::make_unique<Module>());
  Module& module = *runtime.modules.back();
  const auto* wrapper = (const FatBinaryWrapper*)binary;
  if (wrapper->magic != wrapper_magic)
    module.error = "unknown fat binary wrapper";
  else
    load_fatbin(wrapper->data, module);
  if (!module.error.empty()) note("%s", module.error.c_str());
  return (void**)&module;
}
void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
char __cudaInitModule(void**) { return 1; }

void __cudaRegisterFunction(void** module, const char* stub, char*, const char* name, int, void*, void*,
                            void*, void*, int*) {
  const std::lock_guard<std::recursive_mutex> lock(runtime.lock);
  Kernel* kernel = new Kernel;
  kernel->module = (Module*)module;
  kernel->name = name;
  kernel->stub = stub;
  runtime.kernel_of_stub[stub] = kernel;
  runtime.kernels.insert(kernel);
}

void __cudaRegisterVar(void** module, char* host, char*, const char* name, int, size_t, int, int) {
  const std::lock_guard<std::recursive_mutex> lock(runtime.lock);
  late_variables.push_back({(Module*)module, host, name});
}
void __cudaRegisterManagedVar(void** module, void** host, char*, const char* name, int, size_t, int, int) {
  const std::lock_guard<std::recursive_mutex> lock(runtime.lock);
  config_init();
  look_up(*(Module*)module, host, name);
  const auto found = variables.find(host);
  if (found != variables.end()) *host = (void*)found->second.first->addresses(0)[found->second.second];
}
void __cudaRegisterHostVar(void**, const char*, char*, size_t) {}

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t dynamic_shared, cudaStream_t stream) {
  configurations.push_back({grid, block, dynamic_shared, stream});
  return 0;
}
cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, size_t* dynamic_shared, void* stream) {
  if (configurations.empty()) return cudaErrorMissingConfiguration;
  const Configuration& last = configurations.back();
  *grid = last.grid;
  *block = last.block;
  *dynamic_shared = last.dynamic_shared;
  *(cudaStream_t*)stream = last.stream;
  configurations.pop_back();
  return cudaSuccess;
}
}
