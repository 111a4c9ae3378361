// Streams and events.
#include <algorithm>
#include "runtime.h"

namespace {

// Answers whether the operation is done.  Lazy work is done at last when a program asks again and again.
cudaError_t query(const OperationPointer& operation, int device) {
  static u64 questions = 0;
  if (operation && !operation->done) {
    if (++questions % 4 == 0) demand(operation);
    return cudaErrorNotReady;
  }
  wait_for(operation);
  return answer(runtime.sticky[device]);
}

// Waiting for an event of a capture, or asking for its state, ends the capture.
cudaError_t refuse_captured(const Event& event) {
  if (const auto capture = event.capture.lock()) {
    capture->invalid = true;
    return cudaErrorCapturedEvent;
  }
  return refuse_in_capture();
}

// The stream joins the capture of the event that it is to wait for.
cudaError_t join_capture(Stream& stream, const Event& event, const std::shared_ptr<Capture>& capture) {
  if (stream.capture && stream.capture != capture) {
    stream.capture->invalid = capture->invalid = true;
    return cudaErrorStreamCaptureMerge;
  }
  if (stream.legacy) {
    capture->invalid = true;
    return cudaErrorStreamCaptureImplicit;
  }
  if (!stream.capture) {
    stream.capture = capture;
    stream.captured.clear();
    capture->streams.insert(&stream);
  }
  for (Node* node : event.captured)
    if (std::find(stream.captured.begin(), stream.captured.end(), node) == stream.captured.end())
      stream.captured.push_back(node);
  return cudaSuccess;
}

Work record_work(Event* event) {
  Work work;
  work.kind = Work::record;
  work.event = event;
  return work;
}

Work host_work(std::function<void()> callback) {
  Work work;
  work.kind = Work::host;
  work.callback = std::move(callback);
  return work;
}

}  // namespace

extern "C" {
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* handle, unsigned flags, int priority) {
  CALL(cudaStreamCreate, "flags=%u", flags);
  ANSWER_IF(injected("stream", cudaErrorMemoryAllocation));
  if (flags > cudaStreamNonBlocking) return answer(cudaErrorInvalidValue);
  Stream* stream = runtime.new_stream(this_thread.device);
  stream->flags = flags;
  stream->nonblocking = flags & cudaStreamNonBlocking;
  stream->priority = std::clamp(priority, -5, 0);
  runtime.streams.insert(stream);
  *handle = (cudaStream_t)stream;
  return cudaSuccess;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* handle, unsigned flags) {
  return cudaStreamCreateWithPriority(handle, flags, 0);
}
cudaError_t cudaStreamCreate(cudaStream_t* handle) { return cudaStreamCreateWithPriority(handle, 0, 0); }
cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  CALL(cudaStreamDestroy, "stream=%s", name_of(handle).c_str());
  Stream* const stream = (Stream*)handle;
  if (!runtime.streams.count(stream)) return answer(cudaErrorInvalidResourceHandle);
  if (stream->capture) stream->capture->invalid = true;
  runtime.streams.erase(stream);
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  CALL(cudaStreamSynchronize, "stream=%s", name_of(handle).c_str());
  STREAM(stream, handle);
  ANSWER_IF(refuse_if_capturing(*stream));
  ANSWER_IF(injected("sync", cudaErrorLaunchFailure));
  wait_for(stream->last);
  return answer(runtime.sticky[stream->device]);
}
cudaError_t cudaStreamQuery(cudaStream_t handle) {
  CALL(cudaStreamQuery, "stream=%s", name_of(handle).c_str());
  STREAM(stream, handle);
  ANSWER_IF(refuse_if_capturing(*stream));
  return query(stream->last, stream->device);
}
cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event_handle, unsigned flags) {
  CALL(cudaStreamWaitEvent, "stream=%s", name_of(handle).c_str());
  STREAM(stream, handle);
  EVENT(event, event_handle);
  if (const auto capture = event->capture.lock()) return answer(join_capture(*stream, *event, capture));
  if (stream->capture) {
    if (flags & cudaEventWaitExternal) {
      Work work;
      work.kind = Work::wait;
      return answer(submit(*stream, std::move(work)));
    }
    stream->capture->invalid = true;
    return answer(cudaErrorStreamCaptureIsolation);
  }
  ANSWER_IF(refuse_legacy_if_capturing(*stream));
  if (event->operation) enqueue(*stream, nullptr, event->operation);
  return cudaSuccess;
}

cudaError_t cudaStreamGetPriority(cudaStream_t handle, int* priority) {
  CALL(cudaStreamGetPriority);
  STREAM(stream, handle);
  *priority = stream->priority;
  return cudaSuccess;
}
cudaError_t cudaStreamGetFlags(cudaStream_t handle, unsigned* flags) {
  CALL(cudaStreamGetFlags);
  STREAM(stream, handle);
  *flags = stream->flags;
  return cudaSuccess;
}
cudaError_t cudaStreamGetId(cudaStream_t handle, unsigned long long* id) {
  CALL(cudaStreamGetId);
  STREAM(stream, handle);
  *id = stream->id;
  return cudaSuccess;
}
cudaError_t cudaStreamGetDevice(cudaStream_t handle, int* device) {
  CALL(cudaStreamGetDevice);
  STREAM(stream, handle);
  *device = stream->device;
  return cudaSuccess;
}
cudaError_t cudaStreamGetAttribute(cudaStream_t, cudaStreamAttrID, cudaStreamAttrValue* value) {
  *value = {};
  return cudaSuccess;
}
cudaError_t cudaStreamSetAttribute(cudaStream_t, cudaStreamAttrID, const cudaStreamAttrValue*) {
  return cudaSuccess;
}
cudaError_t cudaStreamCopyAttributes(cudaStream_t, cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamAttachMemAsync(cudaStream_t, void*, size_t, unsigned) { return cudaSuccess; }
cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  CALL(cudaDeviceGetStreamPriorityRange);
  if (least) *least = 0;
  if (greatest) *greatest = -5;
  return cudaSuccess;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t handle, cudaHostFn_t function, void* data) {
  CALL(cudaLaunchHostFunc, "stream=%s", name_of(handle).c_str());
  STREAM(stream, handle);
  return answer(submit(*stream, host_work([=] { function(data); })));
}
cudaError_t cudaStreamAddCallback(cudaStream_t handle, cudaStreamCallback_t function, void* data, unsigned) {
  CALL(cudaStreamAddCallback, "stream=%s", name_of(handle).c_str());
  STREAM(stream, handle);
  if (stream->capture) {
    stream->capture->invalid = true;
    return answer(cudaErrorStreamCaptureUnsupported);
  }
  const cudaError_t* status = &runtime.sticky[stream->device];
  return answer(submit(*stream, host_work([=] { function(handle, *status, data); })));
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* handle, unsigned flags) {
  CALL(cudaEventCreate, "flags=%u", flags);
  ANSWER_IF(injected("event", cudaErrorMemoryAllocation));
  Event* event = new Event;
  event->flags = flags;
  event->device = this_thread.device;
  runtime.events.insert(event);
  *handle = (cudaEvent_t)event;
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* handle) { return cudaEventCreateWithFlags(handle, 0); }
cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  CALL(cudaEventDestroy);
  EVENT(event, handle);
  demand(event->operation);
  runtime.events.erase(event);
  return cudaSuccess;
}
cudaError_t cudaEventRecordWithFlags(cudaEvent_t handle, cudaStream_t stream_handle, unsigned flags) {
  CALL(cudaEventRecord, "stream=%s", name_of(stream_handle).c_str());
  EVENT(event, handle);
  STREAM(stream, stream_handle);
  if (stream->capture && stream->capture->invalid) return answer(cudaErrorStreamCaptureInvalidated);
  if (stream->capture && !(flags & cudaEventRecordExternal)) {
    event->capture = stream->capture;
    event->captured = stream->captured;
    event->operation = nullptr;
    return cudaSuccess;
  }
  if (stream->capture) return answer(submit(*stream, record_work(event)));
  event->capture.reset();
  event->captured.clear();
  event->operation = nullptr;
  return answer(submit(*stream, record_work(event), &event->operation));
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return cudaEventRecordWithFlags(event, stream, 0);
}
cudaError_t cudaEventQuery(cudaEvent_t handle) {
  CALL(cudaEventQuery);
  EVENT(event, handle);
  ANSWER_IF(refuse_captured(*event));
  return query(event->operation, event->device);
}
cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  CALL(cudaEventSynchronize);
  EVENT(event, handle);
  ANSWER_IF(refuse_captured(*event));
  ANSWER_IF(injected("sync", cudaErrorLaunchFailure));
  wait_for(event->operation);
  return answer(runtime.sticky[event->device]);
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start_handle, cudaEvent_t stop_handle) {
  CALL(cudaEventElapsedTime);
  EVENT(start, start_handle);
  EVENT(stop, stop_handle);
  if (!start->operation || !stop->operation || (start->flags | stop->flags) & cudaEventDisableTiming)
    return answer(cudaErrorInvalidResourceHandle);
  if (!start->operation->done || !stop->operation->done) return answer(cudaErrorNotReady);
  *milliseconds = float((stop->time - start->time) * 1e3);
  return cudaSuccess;
}
}
