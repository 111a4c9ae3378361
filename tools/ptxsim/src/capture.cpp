// Capture of streams into graphs, and what it forbids.
#include <algorithm>
#include "runtime.h"

namespace {

cudaStreamCaptureStatus status_of(const Stream& stream) {
  if (!stream.capture) return cudaStreamCaptureStatusNone;
  return stream.capture->invalid ? cudaStreamCaptureStatusInvalidated : cudaStreamCaptureStatusActive;
}

// cudaThreadExchangeStreamCaptureMode says whom a capture forbids calls that it would not see: its own thread unless
// it is relaxed, other threads if it is global, and in any case only threads whose own mode looks that far.
bool forbids_unsafe_calls(const Capture& capture) {
  const cudaStreamCaptureMode own_mode = this_thread.capture_mode;
  if (capture.thread == std::this_thread::get_id())
    return own_mode != cudaStreamCaptureModeRelaxed && capture.mode != cudaStreamCaptureModeRelaxed;
  return own_mode == cudaStreamCaptureModeGlobal && capture.mode == cudaStreamCaptureModeGlobal;
}

// Ends the captures of all streams that `forbids` names; answers `error` if there are any.
template <class Forbids>
cudaError_t refuse(cudaError_t error, const Forbids& forbids) {
  bool refused = false;
  for (Stream* stream : runtime.streams)
    if (stream->capture && forbids(*stream)) stream->capture->invalid = refused = true;
  return refused ? error : cudaSuccess;
}

std::set<Node*> with_ancestors(std::vector<Node*> nodes) {
  std::set<Node*> found;
  while (!nodes.empty()) {
    Node* node = nodes.back();
    nodes.pop_back();
    if (found.insert(node).second)
      nodes.insert(nodes.end(), node->dependencies.begin(), node->dependencies.end());
  }
  return found;
}

// Whether all that other streams were given during the capture is waited for by its first stream.
bool joined(const Capture& capture) {
  const std::set<Node*> reached = with_ancestors(capture.origin->captured);
  for (const Stream* stream : capture.streams)
    for (Node* node : stream->captured)
      if (!reached.count(node)) return false;
  return true;
}

cudaError_t begin(cudaStream_t handle, Graph* graph, std::vector<Node*> dependencies,
                  cudaStreamCaptureMode mode) {
  STREAM(stream, handle);
  if (stream->legacy) return answer(cudaErrorStreamCaptureUnsupported);
  if (stream->capture) return answer(cudaErrorIllegalState);
  stream->capture = std::make_shared<Capture>(Capture{graph ? graph : new_graph(), stream, runtime.new_id(),
                                                      mode, std::this_thread::get_id(), !graph});
  stream->capture->streams.insert(stream);
  stream->captured = std::move(dependencies);
  return cudaSuccess;
}

}  // namespace

cudaError_t refuse_in_capture() {
  return refuse(cudaErrorStreamCaptureUnsupported,
                [](const Stream& stream) { return forbids_unsafe_calls(*stream.capture); });
}

cudaError_t refuse_device_if_capturing(int device) {
  return refuse(cudaErrorStreamCaptureUnsupported,
                [=](const Stream& stream) { return stream.device == device; });
}

cudaError_t refuse_legacy_if_capturing(const Stream& stream) {
  if (!stream.legacy) return cudaSuccess;
  return refuse(cudaErrorStreamCaptureImplicit,
                [&](const Stream& other) { return !other.nonblocking && other.device == stream.device; });
}

cudaError_t refuse_if_capturing(Stream& stream) {
  if (stream.capture) {
    stream.capture->invalid = true;
    return cudaErrorStreamCaptureUnsupported;
  }
  if (const cudaError_t error = refuse_legacy_if_capturing(stream)) return error;
  return refuse_in_capture();
}

extern "C" {
cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  CALL(cudaStreamBeginCapture, "stream=%s", name_of(handle).c_str());
  ANSWER_IF(begin(handle, nullptr, {}, mode));
  STREAM(stream, handle);
  // As another thread's call would that waits for the device.
  stream->capture->invalid = injected("capture", cudaErrorStreamCaptureInvalidated) != cudaSuccess;
  return cudaSuccess;
}
cudaError_t cudaStreamBeginCaptureToGraph(cudaStream_t handle, cudaGraph_t graph_handle,
                                          const cudaGraphNode_t* dependencies, const cudaGraphEdgeData*,
                                          size_t count, cudaStreamCaptureMode mode) {
  CALL(cudaStreamBeginCaptureToGraph, "stream=%s", name_of(handle).c_str());
  GRAPH(graph, graph_handle);
  return begin(handle, graph, {(Node**)dependencies, (Node**)dependencies + count}, mode);
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  CALL(cudaStreamEndCapture, "stream=%s", name_of(handle).c_str());
  STREAM(stream, handle);
  const std::shared_ptr<Capture> capture = stream->capture;
  if (!capture) return answer(cudaErrorIllegalState);
  if (capture->origin != stream) {
    capture->invalid = true;
    return answer(cudaErrorStreamCaptureUnmatched);
  }
  const bool wrong_thread =
      capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id();
  const bool all_joined = joined(*capture);
  for (Stream* member : capture->streams) {
    member->capture = nullptr;
    member->captured.clear();
  }
  if (!wrong_thread && !capture->invalid && all_joined) {
    *graph = (cudaGraph_t)capture->graph;
    return cudaSuccess;
  }
  if (graph) *graph = nullptr;
  if (capture->own_graph) runtime.graphs.erase(capture->graph);
  if (wrong_thread) return answer(cudaErrorStreamCaptureWrongThread);
  return answer(capture->invalid ? cudaErrorStreamCaptureInvalidated : cudaErrorStreamCaptureUnjoined);
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  CALL(cudaStreamIsCapturing);
  STREAM(stream, handle);
  *status = status_of(*stream);
  return cudaSuccess;
}
cudaError_t cudaStreamGetCaptureInfo(cudaStream_t handle, cudaStreamCaptureStatus* status,
                                     unsigned long long* id, cudaGraph_t* graph,
                                     const cudaGraphNode_t** dependencies, const cudaGraphEdgeData** edges,
                                     size_t* count) {
  CALL(cudaStreamGetCaptureInfo);
  STREAM(stream, handle);
  *status = status_of(*stream);
  if (edges) *edges = nullptr;
  if (!stream->capture) return cudaSuccess;
  if (id) *id = stream->capture->id;
  if (graph) *graph = (cudaGraph_t)stream->capture->graph;
  if (dependencies) *dependencies = (const cudaGraphNode_t*)stream->captured.data();
  if (count) *count = stream->captured.size();
  return cudaSuccess;
}
cudaError_t cudaStreamUpdateCaptureDependencies(cudaStream_t handle, cudaGraphNode_t* dependencies,
                                                const cudaGraphEdgeData*, size_t count, unsigned flags) {
  CALL(cudaStreamUpdateCaptureDependencies);
  STREAM(stream, handle);
  if (!stream->capture) return answer(cudaErrorIllegalState);
  if (flags == cudaStreamSetCaptureDependencies) stream->captured.clear();
  stream->captured.insert(stream->captured.end(), (Node**)dependencies, (Node**)dependencies + count);
  return cudaSuccess;
}
cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  std::swap(this_thread.capture_mode, *mode);
  return cudaSuccess;
}
}
