// Devices: which there are, what they can do, and calls about a whole device.
#include <algorithm>
#include "runtime.h"

const DeviceModel& device_model() {
  static const DeviceModel models[] = {
      {80, 2048, 32, 164, 40, 5120, 2},  // A100
      {86, 1536, 16, 100, 6, 384, 32},   // GeForce RTX 3090
      {89, 1536, 24, 100, 72, 384, 32},  // GeForce RTX 4090
      {90, 2048, 32, 228, 50, 5120, 2},  // H100
  };
  static const DeviceModel& chosen = *std::find_if(
      std::begin(models), std::end(models) - 1, [](const DeviceModel& model) { return model.sm == cfg.sm; });
  return chosen;
}

bool is_device(int device) { return device >= 0 && device < cfg.devices(); }
bool peer_ok(int from, int to) { return runtime.peers[from][to]; }

// Devices keep their number on the bus, and all that comes from it, however CUDA_VISIBLE_DEVICES orders them.
static int bus(int device) { return cfg.visible[device] + 1; }

static void describe(cudaDeviceProp& device, int number) {
  const DeviceModel& model = device_model();
  device = {};
  snprintf(device.name, sizeof device.name, "ptxsim sm_%d (emulated)", cfg.sm);
  memset(&device.uuid, 0x4f + bus(number), sizeof device.uuid);
  device.major = cfg.sm / 10;
  device.minor = cfg.sm % 10;
  device.pciBusID = bus(number);
  device.totalGlobalMem = cfg.memory;
  device.totalConstMem = 65536;
  device.l2CacheSize = model.l2_mib << 20;
  device.memoryBusWidth = model.bus_bits;
  device.memPitch = 2147483647;
  device.textureAlignment = 512;
  device.texturePitchAlignment = 32;
  device.multiProcessorCount = cfg.nsm;
  device.asyncEngineCount = 3;

  device.warpSize = 32;
  device.maxThreadsPerBlock = 1024;
  device.maxThreadsDim[0] = device.maxThreadsDim[1] = 1024;
  device.maxThreadsDim[2] = 64;
  device.maxGridSize[0] = 2147483647;
  device.maxGridSize[1] = device.maxGridSize[2] = 65535;
  device.regsPerBlock = device.regsPerMultiprocessor = 65536;
  device.sharedMemPerBlock = 49152;
  device.sharedMemPerBlockOptin = model.most_shared();
  device.reservedSharedMemPerBlock = 1024;
  device.sharedMemPerMultiprocessor = model.shared_kib * 1024;
  device.maxThreadsPerMultiProcessor = model.threads;
  device.maxBlocksPerMultiProcessor = model.blocks;

  device.canMapHostMemory = device.concurrentKernels = device.unifiedAddressing = 1;
  device.streamPrioritiesSupported = device.globalL1CacheSupported = device.localL1CacheSupported = 1;
  device.managedMemory = device.concurrentManagedAccess = device.computePreemptionSupported = 1;
  device.canUseHostPointerForRegisteredMem = device.cooperativeLaunch = 1;
  device.hostRegisterSupported = device.memoryPoolsSupported = 1;
}

static int attribute(const cudaDeviceProp& device, cudaDeviceAttr wanted) {
  switch (wanted) {
    case cudaDevAttrMaxThreadsPerBlock: return device.maxThreadsPerBlock;
    case cudaDevAttrMaxBlockDimX: return device.maxThreadsDim[0];
    case cudaDevAttrMaxBlockDimY: return device.maxThreadsDim[1];
    case cudaDevAttrMaxBlockDimZ: return device.maxThreadsDim[2];
    case cudaDevAttrMaxGridDimX: return device.maxGridSize[0];
    case cudaDevAttrMaxGridDimY: return device.maxGridSize[1];
    case cudaDevAttrMaxGridDimZ: return device.maxGridSize[2];
    case cudaDevAttrMaxSharedMemoryPerBlock: return int(device.sharedMemPerBlock);
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: return int(device.sharedMemPerBlockOptin);
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor: return int(device.sharedMemPerMultiprocessor);
    case cudaDevAttrReservedSharedMemoryPerBlock: return int(device.reservedSharedMemPerBlock);
    case cudaDevAttrMaxRegistersPerBlock: return device.regsPerBlock;
    case cudaDevAttrMaxRegistersPerMultiprocessor: return device.regsPerMultiprocessor;
    case cudaDevAttrMaxThreadsPerMultiProcessor: return device.maxThreadsPerMultiProcessor;
    case cudaDevAttrMaxBlocksPerMultiprocessor: return device.maxBlocksPerMultiProcessor;
    case cudaDevAttrMultiProcessorCount: return device.multiProcessorCount;
    case cudaDevAttrWarpSize: return device.warpSize;
    case cudaDevAttrComputeCapabilityMajor: return device.major;
    case cudaDevAttrComputeCapabilityMinor: return device.minor;
    case cudaDevAttrTotalConstantMemory: return int(device.totalConstMem);
    case cudaDevAttrMaxPitch: return int(device.memPitch);
    case cudaDevAttrTextureAlignment: return int(device.textureAlignment);
    case cudaDevAttrL2CacheSize: return device.l2CacheSize;
    case cudaDevAttrGlobalMemoryBusWidth: return device.memoryBusWidth;
    case cudaDevAttrPciBusId: return device.pciBusID;
    case cudaDevAttrAsyncEngineCount: return device.asyncEngineCount;
    case cudaDevAttrClockRate: return 1410000;        // kHz
    case cudaDevAttrMemoryClockRate: return 1215000;  // kHz
    case cudaDevAttrSingleToDoublePrecisionPerfRatio: return device_model().doubles_ratio;
    case cudaDevAttrGpuOverlap:
    case cudaDevAttrCanMapHostMemory:
    case cudaDevAttrConcurrentKernels:
    case cudaDevAttrUnifiedAddressing:
    case cudaDevAttrStreamPrioritiesSupported:
    case cudaDevAttrGlobalL1CacheSupported:
    case cudaDevAttrLocalL1CacheSupported:
    case cudaDevAttrManagedMemory:
    case cudaDevAttrConcurrentManagedAccess:
    case cudaDevAttrComputePreemptionSupported:
    case cudaDevAttrCanUseHostPointerForRegisteredMem:
    case cudaDevAttrCooperativeLaunch:
    case cudaDevAttrHostRegisterSupported:
    case cudaDevAttrMemoryPoolsSupported: return 1;
    default: return 0;
  }
}

extern "C" {
cudaError_t cudaGetDeviceCount(int* count) {
  CALL_ALWAYS(cudaGetDeviceCount);
  const cudaError_t refused = call.refused();
  const bool none = refused == cudaErrorNoDevice || refused == cudaErrorInsufficientDriver;
  *count = none ? 0 : cfg.devices();
  return none ? answer(refused) : cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  CALL_ALWAYS(cudaSetDevice, "%d", device);
  // A thread may leave a device that a kernel broke; not one that was lost.
  const cudaError_t refused = call.refused();
  const bool broken = runtime.sticky[this_thread.device] && cfg.lost_after == ~0ull;
  if (refused && !broken) return answer(refused);
  if (!is_device(device)) return answer(cudaErrorInvalidDevice);
  this_thread.device = device;
  return cudaSuccess;
}
cudaError_t cudaInitDevice(int device, unsigned, unsigned) {
  CALL(cudaInitDevice);
  return is_device(device) ? cudaSuccess : answer(cudaErrorInvalidDevice);
}
cudaError_t cudaSetValidDevices(int*, int) { return cudaSuccess; }
cudaError_t cudaGetDevice(int* device) {
  CALL(cudaGetDevice);
  *device = this_thread.device;
  return cudaSuccess;
}
cudaError_t cudaSetDeviceFlags(unsigned) { return cudaSuccess; }
cudaError_t cudaGetDeviceFlags(unsigned* flags) {
  *flags = 0;
  return cudaSuccess;
}
cudaError_t cudaChooseDevice(int* device, const cudaDeviceProp*) {
  CALL(cudaChooseDevice);
  *device = 0;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  CALL(cudaGetDeviceProperties);
  if (!is_device(device)) return answer(cudaErrorInvalidDevice);
  describe(*properties, device);
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr wanted, int device) {
  CALL(cudaDeviceGetAttribute, "%d", int(wanted));
  if (!is_device(device)) return answer(cudaErrorInvalidDevice);
  cudaDeviceProp properties;
  describe(properties, device);
  *value = attribute(properties, wanted);
  return cudaSuccess;
}
cudaError_t cudaDeviceGetPCIBusId(char* text, int size, int device) {
  CALL(cudaDeviceGetPCIBusId);
  if (!is_device(device)) return answer(cudaErrorInvalidDevice);
  snprintf(text, size, "0000:%02x:00.0", bus(device));
  return cudaSuccess;
}
cudaError_t cudaDeviceGetByPCIBusId(int* device, const char* text) {
  CALL(cudaDeviceGetByPCIBusId);
  unsigned domain, wanted;
  if (sscanf(text, "%x:%x", &domain, &wanted) != 2) return answer(cudaErrorInvalidValue);
  for (int candidate = 0; candidate < cfg.devices(); ++candidate)
    if (bus(candidate) == int(wanted)) {
      *device = candidate;
      return cudaSuccess;
    }
  return answer(cudaErrorInvalidDevice);
}

cudaError_t cudaDeviceSynchronize(void) {
  CALL(cudaDeviceSynchronize);
  ANSWER_IF(refuse_device_if_capturing(this_thread.device));
  ANSWER_IF(injected("sync", cudaErrorLaunchFailure));
  wait_for_device(this_thread.device);
  return answer(runtime.sticky[this_thread.device]);
}
cudaError_t cudaDeviceReset(void) {
  CALL_ALWAYS(cudaDeviceReset);
  for (const OperationPointer& operation : runtime.pending) {
    operation->done = true;
    operation->work = nullptr;
  }
  runtime.pending.clear();
  if (cfg.lost_after == ~0ull) runtime.sticky[this_thread.device] = cudaSuccess;
  this_thread.last_error = cudaSuccess;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetLimit(size_t* value, cudaLimit limit) {
  *value = limit == cudaLimitStackSize ? 1024 : limit == cudaLimitPrintfFifoSize ? 1 << 20 : 8 << 20;
  return cudaSuccess;
}
cudaError_t cudaDeviceSetLimit(cudaLimit, size_t) { return cudaSuccess; }
cudaError_t cudaDeviceGetCacheConfig(cudaFuncCache* config) {
  *config = cudaFuncCachePreferNone;
  return cudaSuccess;
}
cudaError_t cudaDeviceSetCacheConfig(cudaFuncCache) { return cudaSuccess; }
cudaError_t cudaDeviceGetSharedMemConfig(cudaSharedMemConfig* config) {
  *config = cudaSharedMemBankSizeFourByte;
  return cudaSuccess;
}
cudaError_t cudaDeviceSetSharedMemConfig(cudaSharedMemConfig) { return cudaSuccess; }
cudaError_t cudaCtxResetPersistingL2Cache(void) { return cudaSuccess; }

cudaError_t cudaDeviceCanAccessPeer(int* can, int from, int to) {
  CALL(cudaDeviceCanAccessPeer);
  *can = from != to && is_device(from) && is_device(to);
  return cudaSuccess;
}
cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned) {
  CALL(cudaDeviceEnablePeerAccess, "%d", peer);
  if (!is_device(peer) || peer == this_thread.device) return answer(cudaErrorInvalidDevice);
  bool& enabled = runtime.peers[this_thread.device][peer];
  if (enabled) return answer(cudaErrorPeerAccessAlreadyEnabled);
  enabled = true;
  return cudaSuccess;
}
cudaError_t cudaDeviceDisablePeerAccess(int peer) {
  CALL(cudaDeviceDisablePeerAccess, "%d", peer);
  if (!is_device(peer) || !runtime.peers[this_thread.device][peer])
    return answer(cudaErrorPeerAccessNotEnabled);
  runtime.peers[this_thread.device][peer] = false;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetP2PAttribute(int* value, cudaDeviceP2PAttr, int from, int to) {
  *value = from != to;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  config_init();
  *version = cfg.gpu == "none" ? 0 : cfg.gpu == "old-driver" ? 11040 : CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaProfilerStart(void) {
  CALL_ALWAYS(cudaProfilerStart);
  return cudaSuccess;
}
cudaError_t cudaProfilerStop(void) {
  CALL_ALWAYS(cudaProfilerStop);
  return cudaSuccess;
}
cudaError_t cudaGetDriverEntryPoint(const char*, void** function, unsigned long long,
                                    cudaDriverEntryPointQueryResult* result) {
  if (function) *function = nullptr;
  if (result) *result = cudaDriverEntryPointSymbolNotFound;
  return cudaSuccess;
}
cudaError_t cudaGetDriverEntryPointByVersion(const char* name, void** function, unsigned,
                                             unsigned long long flags,
                                             cudaDriverEntryPointQueryResult* result) {
  return cudaGetDriverEntryPoint(name, function, flags, result);
}
cudaError_t cudaIpcGetMemHandle(cudaIpcMemHandle_t*, void*) { return answer(cudaErrorNotSupported); }
}
