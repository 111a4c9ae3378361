// Copies and fills, also of variables.
#include "runtime.h"

namespace {

bool host_memory(const void* start) {
  const auto allocation = mem_find((u64)start);
  return !allocation || allocation->on_host();
}

bool past_the_end(const void* start, size_t bytes) {
  const auto allocation = mem_find((u64)start);
  return allocation && (u64)start + bytes > allocation->hi;
}
bool freed(const void* start) { return in_arena((u64)start) && !mem_find((u64)start); }

cudaError_t check_copy(const void* target, size_t target_bytes, const void* source, size_t source_bytes,
                       cudaMemcpyKind kind) {
  if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault) return cudaErrorInvalidMemcpyDirection;
  const bool outside = past_the_end(target, target_bytes) || past_the_end(source, source_bytes);
  if (outside || freed(target) || freed(source)) {
    finding(outside ? "out of bounds" : "use after free", sfmt("memcpy%p%p%zu", target, source, target_bytes),
            sfmt("memcpy of %zu bytes%s: destination %s; source %s", target_bytes,
                 outside ? " runs past the end" : "", mem_describe((u64)target).c_str(),
                 mem_describe((u64)source).c_str()));
    return cudaErrorInvalidValue;
  }
  const auto to = mem_find((u64)target), from = mem_find((u64)source);
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  const bool wrong = (to_device && !to) || (from_device && !from) ||
                     (kind == cudaMemcpyHostToDevice && from && from->kind == Alloc::device) ||
                     (kind == cudaMemcpyDeviceToHost && to && to->kind == Alloc::device);
  return wrong ? cudaErrorInvalidValue : cudaSuccess;
}

Work copy_work(void* target, size_t target_pitch, const void* source, size_t source_pitch, size_t width,
               size_t rows) {
  Work work;
  work.kind = Work::copy;
  work.target = target;
  work.source = source;
  work.target_pitch = target_pitch;
  work.source_pitch = source_pitch;
  work.width = width;
  work.rows = rows;
  return work;
}

// Waits for the copy, unless both sides are a device's: then not even cudaMemcpy does.
cudaError_t finish(const Stream& stream, const OperationPointer& operation, const void* target,
                   const void* source) {
  if (!host_memory(target) && !host_memory(source)) return cudaSuccess;
  wait_for(operation);
  return runtime.sticky[stream.device];
}

enum Waiting { asynchronous, synchronous };

cudaError_t copy(const char* name, void* target, size_t target_pitch, const void* source, size_t source_pitch,
                 size_t width, size_t rows, cudaMemcpyKind kind, cudaStream_t handle, Waiting waiting) {
  const Call call(name, [&] {
    return sfmt("bytes=%zu kind=%d stream=%s", width * rows, int(kind), name_of(handle).c_str());
  });
  ANSWER_IF(call.refused());
  STREAM(stream, handle);
  ANSWER_IF(injected("memcpy", cudaErrorInvalidValue));
  if (rows > 1 && (target_pitch < width || source_pitch < width)) return answer(cudaErrorInvalidPitchValue);
  if (!width || !rows) return cudaSuccess;
  ANSWER_IF(
      check_copy(target, target_pitch * (rows - 1) + width, source, source_pitch * (rows - 1) + width, kind));
  if (waiting == synchronous) ANSWER_IF(refuse_legacy_if_capturing(*stream));
  OperationPointer operation;
  ANSWER_IF(submit(*stream, copy_work(target, target_pitch, source, source_pitch, width, rows), &operation));
  return waiting == synchronous ? answer(finish(*stream, operation, target, source)) : cudaSuccess;
}

cudaError_t copy_in_three_dimensions(const char* name, const cudaMemcpy3DParms& parameters,
                                     cudaStream_t handle, Waiting waiting) {
  const Call call(name, [&] { return std::string(); });
  ANSWER_IF(call.refused());
  STREAM(stream, handle);
  ANSWER_IF(injected("memcpy", cudaErrorInvalidValue));
  if (parameters.srcArray || parameters.dstArray) return answer(cudaErrorNotSupported);
  if (waiting == synchronous) ANSWER_IF(refuse_legacy_if_capturing(*stream));
  Work work;
  describe_copy(work, parameters);
  OperationPointer operation;
  ANSWER_IF(submit(*stream, std::move(work), &operation));
  if (waiting == synchronous) wait_for(operation);
  return cudaSuccess;
}

cudaError_t find_symbol(const void* symbol, u64& address, size_t& bytes) {
  Module* module;
  int index;
  if (!find_variable(symbol, module, index)) return cudaErrorInvalidSymbol;
  address = module->addresses(this_thread.device)[index];
  bytes = module->vars[index].sym.size;
  mem_mark_init(address, bytes, true);
  return cudaSuccess;
}

// The bytes of a variable that a copy is about.
cudaError_t find_part(const char* name, const void* symbol, size_t bytes, size_t offset, void*& start) {
  const Call call(name, [] { return std::string(); });
  ANSWER_IF(call.refused());
  u64 address;
  size_t all;
  ANSWER_IF(find_symbol(symbol, address, all));
  if (offset + bytes > all) return answer(cudaErrorInvalidValue);
  start = (void*)(address + offset);
  return cudaSuccess;
}

cudaError_t copy_to_symbol(const char* name, const void* symbol, const void* source, size_t bytes,
                           size_t offset, cudaMemcpyKind kind, cudaStream_t stream, Waiting waiting) {
  void* start;
  ANSWER_IF(find_part(name, symbol, bytes, offset, start));
  return copy(name, start, bytes, source, bytes, bytes, 1, kind, stream, waiting);
}
cudaError_t copy_from_symbol(const char* name, void* target, const void* symbol, size_t bytes, size_t offset,
                             cudaMemcpyKind kind, cudaStream_t stream, Waiting waiting) {
  void* start;
  ANSWER_IF(find_part(name, symbol, bytes, offset, start));
  return copy(name, target, bytes, start, bytes, bytes, 1, kind, stream, waiting);
}

cudaError_t fill(const char* name, void* target, size_t pitch, int value, size_t width, size_t rows,
                 cudaStream_t handle) {
  const Call call(name, [&] { return sfmt("bytes=%zu stream=%s", width * rows, name_of(handle).c_str()); });
  ANSWER_IF(call.refused());
  STREAM(stream, handle);
  ANSWER_IF(injected("memset", cudaErrorInvalidValue));
  if (!width || !rows) return cudaSuccess;
  const auto allocation = mem_find((u64)target);
  if (!allocation || (u64)target + pitch * (rows - 1) + width > allocation->hi) {
    finding("out of bounds", sfmt("memset%p%zu", target, width),
            sfmt("memset of %zu bytes at %p: %s", width * rows, target, mem_describe((u64)target).c_str()));
    return answer(cudaErrorInvalidValue);
  }
  Work work;
  work.kind = Work::set;
  work.target = target;
  work.target_pitch = pitch;
  work.value = u8(value);
  work.width = width;
  work.rows = rows;
  return answer(submit(*stream, std::move(work)));
}

}  // namespace

void describe_copy(Work& work, const cudaMemcpy3DParms& parameters) {
  const auto start = [](const cudaPitchedPtr& memory, const cudaPos& position) {
    return (u8*)memory.ptr + position.x + (position.y + position.z * memory.ysize) * memory.pitch;
  };
  work.kind = Work::copy;
  work.target = start(parameters.dstPtr, parameters.dstPos);
  work.source = start(parameters.srcPtr, parameters.srcPos);
  work.target_pitch = parameters.dstPtr.pitch;
  work.source_pitch = parameters.srcPtr.pitch;
  work.target_slice = parameters.dstPtr.pitch * parameters.dstPtr.ysize;
  work.source_slice = parameters.srcPtr.pitch * parameters.srcPtr.ysize;
  work.width = parameters.extent.width;
  work.rows = parameters.extent.height;
  work.slices = parameters.extent.depth;
}

extern "C" {
cudaError_t cudaMemcpy(void* target, const void* source, size_t bytes, cudaMemcpyKind kind) {
  return copy("cudaMemcpy", target, bytes, source, bytes, bytes, 1, kind, nullptr, synchronous);
}
cudaError_t cudaMemcpyAsync(void* target, const void* source, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return copy("cudaMemcpyAsync", target, bytes, source, bytes, bytes, 1, kind, stream, asynchronous);
}
cudaError_t cudaMemcpy2D(void* target, size_t target_pitch, const void* source, size_t source_pitch,
                         size_t width, size_t rows, cudaMemcpyKind kind) {
  return copy("cudaMemcpy2D", target, target_pitch, source, source_pitch, width, rows, kind, nullptr,
              synchronous);
}
cudaError_t cudaMemcpy2DAsync(void* target, size_t target_pitch, const void* source, size_t source_pitch,
                              size_t width, size_t rows, cudaMemcpyKind kind, cudaStream_t stream) {
  return copy("cudaMemcpy2DAsync", target, target_pitch, source, source_pitch, width, rows, kind, stream,
              asynchronous);
}
cudaError_t cudaMemcpyPeer(void* target, int, const void* source, int, size_t bytes) {
  return copy("cudaMemcpyPeer", target, bytes, source, bytes, bytes, 1, cudaMemcpyDefault, nullptr,
              synchronous);
}
cudaError_t cudaMemcpyPeerAsync(void* target, int, const void* source, int, size_t bytes,
                                cudaStream_t stream) {
  return copy("cudaMemcpyPeerAsync", target, bytes, source, bytes, bytes, 1, cudaMemcpyDefault, stream,
              asynchronous);
}
cudaError_t cudaMemcpy3D(const cudaMemcpy3DParms* parameters) {
  return copy_in_three_dimensions("cudaMemcpy3D", *parameters, nullptr, synchronous);
}
cudaError_t cudaMemcpy3DAsync(const cudaMemcpy3DParms* parameters, cudaStream_t stream) {
  return copy_in_three_dimensions("cudaMemcpy3DAsync", *parameters, stream, asynchronous);
}

cudaError_t cudaMemcpyToSymbol(const void* symbol, const void* source, size_t bytes, size_t offset,
                               cudaMemcpyKind kind) {
  return copy_to_symbol("cudaMemcpyToSymbol", symbol, source, bytes, offset, kind, nullptr, synchronous);
}
cudaError_t cudaMemcpyToSymbolAsync(const void* symbol, const void* source, size_t bytes, size_t offset,
                                    cudaMemcpyKind kind, cudaStream_t stream) {
  return copy_to_symbol("cudaMemcpyToSymbolAsync", symbol, source, bytes, offset, kind, stream, asynchronous);
}
cudaError_t cudaMemcpyFromSymbol(void* target, const void* symbol, size_t bytes, size_t offset,
                                 cudaMemcpyKind kind) {
  return copy_from_symbol("cudaMemcpyFromSymbol", target, symbol, bytes, offset, kind, nullptr, synchronous);
}
cudaError_t cudaMemcpyFromSymbolAsync(void* target, const void* symbol, size_t bytes, size_t offset,
                                      cudaMemcpyKind kind, cudaStream_t stream) {
  return copy_from_symbol("cudaMemcpyFromSymbolAsync", target, symbol, bytes, offset, kind, stream,
                          asynchronous);
}
cudaError_t cudaGetSymbolAddress(void** pointer, const void* symbol) {
  CALL(cudaGetSymbolAddress);
  u64 address;
  size_t bytes;
  ANSWER_IF(find_symbol(symbol, address, bytes));
  *pointer = (void*)address;
  return cudaSuccess;
}
cudaError_t cudaGetSymbolSize(size_t* bytes, const void* symbol) {
  CALL(cudaGetSymbolSize);
  u64 address;
  ANSWER_IF(find_symbol(symbol, address, *bytes));
  return cudaSuccess;
}

cudaError_t cudaMemset(void* target, int value, size_t bytes) {
  return fill("cudaMemset", target, bytes, value, bytes, 1, nullptr);
}
cudaError_t cudaMemsetAsync(void* target, int value, size_t bytes, cudaStream_t stream) {
  return fill("cudaMemsetAsync", target, bytes, value, bytes, 1, stream);
}
cudaError_t cudaMemset2D(void* target, size_t pitch, int value, size_t width, size_t rows) {
  return fill("cudaMemset2D", target, pitch, value, width, rows, nullptr);
}
cudaError_t cudaMemset2DAsync(void* target, size_t pitch, int value, size_t width, size_t rows,
                              cudaStream_t stream) {
  return fill("cudaMemset2DAsync", target, pitch, value, width, rows, stream);
}
}
