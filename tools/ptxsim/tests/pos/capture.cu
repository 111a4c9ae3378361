// What captures forbid, in which mode and to which thread, and what they allow.
#include <thread>
#include "../t.h"
__global__ void add(int* p, int k) { p[threadIdx.x] += k; }

static cudaStream_t blocking, captured, other;

// The call fails, and the capture with it.
template <class Call>
void forbidden(cudaStream_t stream, cudaStreamCaptureMode mode, cudaError_t error, Call call) {
  cudaGraph_t graph = nullptr;
  CK(cudaStreamBeginCapture(stream, mode));
  IS(call(), error);
  IS(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
  TEST(!graph);
  cudaGetLastError();
}
template <class Call>
void allowed(cudaStream_t stream, cudaStreamCaptureMode mode, Call call) {
  cudaGraph_t graph;
  CK(cudaStreamBeginCapture(stream, mode));
  IS(call(), cudaSuccess);
  CK(cudaStreamEndCapture(stream, &graph));
  CK(cudaGraphDestroy(graph));
}
template <class Call>
auto in_another_thread(Call call) {
  return [=] {
    cudaError_t error;
    std::thread([&] { error = call(); }).join();
    return error;
  };
}

int main() {
  const cudaStreamCaptureMode global = cudaStreamCaptureModeGlobal, own = cudaStreamCaptureModeThreadLocal,
                              relaxed = cudaStreamCaptureModeRelaxed;
  const cudaError_t unsupported = cudaErrorStreamCaptureUnsupported,
                    implicit = cudaErrorStreamCaptureImplicit;
  CK(cudaStreamCreate(&blocking));
  CK(cudaStreamCreateWithFlags(&captured, cudaStreamNonBlocking));
  CK(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking));
  cudaEvent_t event, recorded;
  CK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  CK(cudaEventCreateWithFlags(&recorded, cudaEventDisableTiming));
  CK(cudaEventRecord(recorded, other));
  Dev<int> a(std::vector<int>(64, 1)), b(64);
  int *pinned, host[64];
  CK(cudaMallocHost(&pinned, 256));
  CK(cudaDeviceSynchronize());

  const auto allocate = [] {
    void* p = nullptr;
    const cudaError_t error = cudaMalloc(&p, 64);
    if (!error) CK(cudaFree(p));
    return error;
  };
  const auto allocate_pinned = [] {
    void* p = nullptr;
    const cudaError_t error = cudaMallocHost(&p, 64);
    if (!error) CK(cudaFreeHost(p));
    return error;
  };
  // Allocations are not seen by a capture: whom they are forbidden depends on its mode.
  for (auto mode : {global, own}) {
    forbidden(captured, mode, unsupported, allocate);
    forbidden(captured, mode, unsupported, allocate_pinned);
    forbidden(captured, mode, unsupported, [&] { return cudaFree(a.p); });
    forbidden(captured, mode, unsupported, [&] { return cudaFreeHost(pinned); });
    forbidden(captured, mode, unsupported, [&] { return cudaEventQuery(recorded); });
    // The legacy stream does not wait for streams that do not block (seen on a GPU, driver 580).
    allowed(captured, mode, [&] { return cudaMemcpy(host, a.p, 256, cudaMemcpyDefault); });
  }
  allowed(captured, relaxed, allocate);
  allowed(captured, relaxed, allocate_pinned);
  forbidden(captured, global, unsupported, in_another_thread(allocate));
  allowed(captured, own, in_another_thread(allocate));
  allowed(captured, relaxed, in_another_thread(allocate));
  allowed(captured, own, [&] {
    cudaStreamCaptureMode mode = relaxed;
    CK(cudaThreadExchangeStreamCaptureMode(&mode));
    const cudaError_t error = allocate();
    CK(cudaThreadExchangeStreamCaptureMode(&mode));
    return error;
  });

  // Waiting for what is captured is impossible in every mode.
  for (auto mode : {global, own, relaxed}) {
    forbidden(captured, mode, unsupported, [] { return cudaStreamSynchronize(captured); });
    forbidden(captured, mode, unsupported, [] { return cudaStreamQuery(captured); });
    forbidden(captured, mode, unsupported, [] { return cudaDeviceSynchronize(); });
    forbidden(captured, mode, cudaErrorCapturedEvent, [&] {
      CK(cudaEventRecord(event, captured));
      return cudaEventSynchronize(event);
    });
    forbidden(captured, mode, cudaErrorStreamCaptureIsolation,
              [&] { return cudaStreamWaitEvent(captured, recorded, 0); });

    // The legacy stream waits for all blocking streams, and only for those.
    forbidden(blocking, mode, implicit, [&] { return cudaMemcpy(host, a.p, 256, cudaMemcpyDefault); });
    forbidden(blocking, mode, implicit, [&] { return cudaMemsetAsync(a.p, 0, 256, 0); });
    forbidden(blocking, mode, implicit, [&] {
      add<<<1, 64>>>(a.p, 1);
      return cudaGetLastError();
    });
    allowed(captured, mode, [&] { return cudaMemsetAsync(a.p, 0, 256, 0); });
    allowed(captured, mode, [&] { return cudaMemsetAsync(b.p, 0, 256, other); });
    allowed(captured, mode, [&] { return cudaMemcpyAsync(a.p, pinned, 256, cudaMemcpyDefault, captured); });
    allowed(captured, mode, [&] { return cudaMemcpyAsync(host, a.p, 256, cudaMemcpyDefault, captured); });
    CK(cudaDeviceSynchronize());
  }

  // Ended by the thread that began it; another one ends it without a graph (seen on a GPU, driver 580).
  cudaGraph_t graph;
  CK(cudaStreamBeginCapture(captured, own));
  IS(in_another_thread([&] { return cudaStreamEndCapture(captured, &graph); })(),
     cudaErrorStreamCaptureWrongThread);
  IS(cudaStreamEndCapture(captured, &graph), cudaErrorIllegalState);
  cudaGetLastError();

  // What is allocated in a graph lives as long as its last executable copy.
  int* inside;
  CK(cudaStreamBeginCapture(captured, own));
  CK(cudaMallocAsync(&inside, 256, captured));
  CK(cudaMemsetAsync(inside, 0, 256, captured));
  add<<<1, 64, 0, captured>>>(inside, 5);
  CK(cudaMemcpyAsync(pinned, inside, 256, cudaMemcpyDefault, captured));
  CK(cudaFreeAsync(inside, captured));
  CK(cudaStreamEndCapture(captured, &graph));
  cudaGraphExec_t executable;
  CK(cudaGraphInstantiate(&executable, graph, 0));
  CK(cudaGraphDestroy(graph));
  CK(cudaGraphLaunch(executable, captured));
  CK(cudaStreamSynchronize(captured));
  TEST(pinned[63] == 5);
  CK(cudaGraphExecDestroy(executable));

  CK(cudaFreeHost(pinned));
  for (auto stream : {blocking, captured, other}) CK(cudaStreamDestroy(stream));
  CK(cudaEventDestroy(event));
  CK(cudaEventDestroy(recorded));
  return done("capture");
}
