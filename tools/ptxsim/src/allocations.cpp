// Memory of devices and pinned memory: allocations, pools, what is known of an address.
#include "runtime.h"

namespace {

// Sets `pointer`, to null for no bytes.
cudaError_t allocate(void** pointer, size_t bytes, Alloc::Kind kind, int device, const char* name) {
  *pointer = bytes ? (void*)mem_alloc(bytes, kind, device, name) : nullptr;
  return bytes && !*pointer ? cudaErrorMemoryAllocation : cudaSuccess;
}

// A copy that nothing has waited for still needs its pinned memory.  cudaFreeHost happens to wait for the device; it is
// not documented to, and a program that waits by itself says what it means.
void find_pending_use(void* pointer) {
  const auto allocation = mem_find((u64)pointer);
  if (!cfg.memcheck || !allocation) return;
  for (const OperationPointer& operation : runtime.pending)
    if (!operation->done && operation->work && copies(*operation->work, *allocation))
      return finding(
          "use after free", sfmt("pending|%p", pointer),
          sfmt("cudaFreeHost(%p): a copy in stream s%llu that nothing has waited for uses it: %s", pointer,
               (unsigned long long)operation->stream->id, mem_describe((u64)pointer).c_str()));
}

struct Pool {
  int device;
  u64 release_threshold = 0;
};
Pool default_pools[most_devices];

}  // namespace

extern "C" {
cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  CALL(cudaMalloc, "bytes=%zu", bytes);
  ANSWER_IF(refuse_in_capture());
  if (!pointer) return answer(cudaErrorInvalidValue);
  ANSWER_IF(injected("malloc", cudaErrorMemoryAllocation));
  return answer(allocate(pointer, bytes, Alloc::device, this_thread.device, "cudaMalloc"));
}
cudaError_t cudaMallocPitch(void** pointer, size_t* pitch, size_t width, size_t rows) {
  *pitch = (width + 511) / 512 * 512;
  return cudaMalloc(pointer, *pitch * rows);
}
cudaError_t cudaMalloc3D(cudaPitchedPtr* memory, cudaExtent extent) {
  memory->xsize = extent.width;
  memory->ysize = extent.height;
  return cudaMallocPitch(&memory->ptr, &memory->pitch, extent.width, extent.height * extent.depth);
}
cudaError_t cudaMallocManaged(void** pointer, size_t bytes, unsigned flags) {
  CALL(cudaMallocManaged, "bytes=%zu", bytes);
  ANSWER_IF(refuse_in_capture());
  ANSWER_IF(injected("malloc", cudaErrorMemoryAllocation));
  if (!bytes || (flags != cudaMemAttachGlobal && flags != cudaMemAttachHost))
    return answer(cudaErrorInvalidValue);
  return answer(allocate(pointer, bytes, Alloc::managed, this_thread.device, "cudaMallocManaged"));
}
cudaError_t cudaFree(void* pointer) {
  CALL(cudaFree, "%p", pointer);
  ANSWER_IF(refuse_in_capture());
  if (!pointer) return cudaSuccess;
  wait_for_device(this_thread.device);
  ANSWER_IF(runtime.sticky[this_thread.device]);
  const int problem = mem_free((u64)pointer, Alloc::device);
  if (problem == 2)
    finding("double free", sfmt("dfree%p", pointer),
            sfmt("cudaFree(%p): already freed: %s", pointer, mem_describe((u64)pointer).c_str()));
  return problem ? answer(cudaErrorInvalidValue) : cudaSuccess;
}

cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned) {
  CALL(cudaHostAlloc, "bytes=%zu", bytes);
  ANSWER_IF(refuse_in_capture());
  ANSWER_IF(injected("hostalloc", cudaErrorMemoryAllocation));
  return answer(allocate(pointer, bytes, Alloc::pinned, this_thread.device, "cudaHostAlloc"));
}
cudaError_t cudaMallocHost(void** pointer, size_t bytes) { return cudaHostAlloc(pointer, bytes, 0); }
cudaError_t cudaFreeHost(void* pointer) {
  CALL(cudaFreeHost, "%p", pointer);
  ANSWER_IF(refuse_in_capture());
  if (!pointer) return cudaSuccess;
  find_pending_use(pointer);
  wait_for_device(this_thread.device);
  return mem_free((u64)pointer, Alloc::pinned) ? answer(cudaErrorInvalidValue) : cudaSuccess;
}
cudaError_t cudaHostRegister(void* pointer, size_t bytes, unsigned) {
  CALL(cudaHostRegister, "bytes=%zu", bytes);
  ANSWER_IF(refuse_in_capture());
  ANSWER_IF(injected("hostregister", cudaErrorMemoryAllocation));
  if (!pointer || !bytes) return answer(cudaErrorInvalidValue);
  return mem_register((u64)pointer, bytes) ? cudaSuccess : answer(cudaErrorHostMemoryAlreadyRegistered);
}
cudaError_t cudaHostUnregister(void* pointer) {
  CALL(cudaHostUnregister);
  ANSWER_IF(refuse_in_capture());
  return mem_unregister((u64)pointer) ? cudaSuccess : answer(cudaErrorHostMemoryNotRegistered);
}
cudaError_t cudaHostGetDevicePointer(void** device_pointer, void* pointer, unsigned) {
  CALL(cudaHostGetDevicePointer);
  const auto allocation = mem_find((u64)pointer);
  if (!allocation || allocation->kind == Alloc::device) return answer(cudaErrorInvalidValue);
  *device_pointer = pointer;
  return cudaSuccess;
}
cudaError_t cudaHostGetFlags(unsigned* flags, void*) {
  *flags = 0;
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t* available, size_t* total) {
  CALL(cudaMemGetInfo);
  u64 used, all;
  mem_usage(this_thread.device, used, all);
  if (available) *available = all - used;
  if (total) *total = all;
  return cudaSuccess;
}
cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  CALL(cudaPointerGetAttributes);
  *attributes = {};
  const auto allocation = mem_find((u64)pointer);
  const bool device_only =
      allocation && (allocation->kind == Alloc::device || allocation->kind == Alloc::module);
  if (!device_only) attributes->hostPointer = (void*)pointer;
  if (!allocation) {
    attributes->type = cudaMemoryTypeUnregistered;
    attributes->device = -2;
    return cudaSuccess;
  }
  attributes->device = allocation->dev;
  attributes->devicePointer = (void*)pointer;
  attributes->type = device_only             ? cudaMemoryTypeDevice
                     : allocation->on_host() ? cudaMemoryTypeHost
                                             : cudaMemoryTypeManaged;
  return cudaSuccess;
}

cudaError_t cudaMallocAsync(void** pointer, size_t bytes, cudaStream_t handle) {
  CALL(cudaMallocAsync, "bytes=%zu stream=%s", bytes, name_of(handle).c_str());
  STREAM(stream, handle);
  ANSWER_IF(injected("malloc", cudaErrorMemoryAllocation));
  ANSWER_IF(allocate(pointer, bytes, Alloc::device, stream->device, "cudaMallocAsync"));
  if (!bytes || !stream->capture) return cudaSuccess;
  // The graph owns what is allocated in it: one block for all its launches.
  stream->capture->graph->memory.emplace_back(*pointer,
                                              [](void* owned) { mem_free((u64)owned, Alloc::device); });
  Work work;
  work.kind = Work::allocate;
  return answer(submit(*stream, std::move(work)));
}
cudaError_t cudaMallocFromPoolAsync(void** pointer, size_t bytes, cudaMemPool_t, cudaStream_t stream) {
  return cudaMallocAsync(pointer, bytes, stream);
}
cudaError_t cudaFreeAsync(void* pointer, cudaStream_t handle) {
  CALL(cudaFreeAsync, "%p stream=%s", pointer, name_of(handle).c_str());
  STREAM(stream, handle);
  if (!pointer) return cudaSuccess;
  const auto allocation = mem_find((u64)pointer);
  if (!allocation || allocation->lo != (u64)pointer) return answer(cudaErrorInvalidValue);
  Work work;
  work.kind = Work::release;
  work.target = stream->capture ? nullptr : pointer;
  return answer(submit(*stream, std::move(work)));
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
  CALL(cudaDeviceGetDefaultMemPool);
  if (!is_device(device)) return answer(cudaErrorInvalidDevice);
  default_pools[device].device = device;
  *pool = (cudaMemPool_t)&default_pools[device];
  return cudaSuccess;
}
cudaError_t cudaDeviceGetMemPool(cudaMemPool_t* pool, int device) {
  return cudaDeviceGetDefaultMemPool(pool, device);
}
cudaError_t cudaDeviceSetMemPool(int, cudaMemPool_t) { return cudaSuccess; }
cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps* properties) {
  CALL(cudaMemPoolCreate);
  *pool = (cudaMemPool_t) new Pool{properties->location.id};
  return cudaSuccess;
}
cudaError_t cudaMemPoolDestroy(cudaMemPool_t) { return cudaSuccess; }
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, size_t) { return cudaSuccess; }
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
  if (attribute == cudaMemPoolAttrReleaseThreshold) ((Pool*)pool)->release_threshold = *(u64*)value;
  return cudaSuccess;
}
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t handle, cudaMemPoolAttr attribute, void* value) {
  const Pool& pool = *(Pool*)handle;
  u64 used, total;
  mem_usage(pool.device, used, total);
  if (attribute == cudaMemPoolAttrReleaseThreshold)
    *(u64*)value = pool.release_threshold;
  else if (attribute >= cudaMemPoolAttrReservedMemCurrent)
    *(u64*)value = used;
  else
    *(int*)value = 1;
  return cudaSuccess;
}
cudaError_t cudaMemPoolSetAccess(cudaMemPool_t, const cudaMemAccessDesc*, size_t) { return cudaSuccess; }
cudaError_t cudaMemPoolGetAccess(cudaMemAccessFlags* flags, cudaMemPool_t, cudaMemLocation*) {
  *flags = cudaMemAccessFlagsProtReadWrite;
  return cudaSuccess;
}

cudaError_t cudaMemPrefetchAsync(const void*, size_t, cudaMemLocation, unsigned, cudaStream_t) {
  return cudaSuccess;
}
cudaError_t cudaMemAdvise(const void*, size_t, cudaMemoryAdvise, cudaMemLocation) { return cudaSuccess; }
}
