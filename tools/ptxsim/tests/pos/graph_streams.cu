// Graphs beside other streams: what orders the graph's stream orders its nodes.
#include "../t.h"
__global__ void add(int* p, int k) { p[blockIdx.x * blockDim.x + threadIdx.x] += k; }
int main() {
  const int n = 512;
  Dev<int> a(std::vector<int>(n, 1)), b(std::vector<int>(n, 1));
  cudaStream_t s, t;
  cudaEvent_t e;
  CK(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking));
  CK(cudaStreamCreateWithFlags(&t, cudaStreamNonBlocking));
  CK(cudaEventCreateWithFlags(&e, cudaEventDisableTiming));
  cudaGraph_t graph;
  cudaGraphExec_t executable;
  CK(cudaStreamBeginCapture(s, cudaStreamCaptureModeThreadLocal));
  add<<<4, 128, 0, s>>>(a.p, 1);
  add<<<4, 128, 0, s>>>(a.p, 2);
  CK(cudaStreamEndCapture(s, &graph));
  CK(cudaGraphInstantiate(&executable, graph, 0));
  CK(cudaGraphDestroy(graph));
  int* h;
  CK(cudaMallocHost(&h, n * sizeof(int)));
  for (int round = 1; round <= 3; ++round) {
    CK(cudaGraphLaunch(executable, s));
    add<<<4, 128, 0, t>>>(b.p, 1);  // given to its stream after the graph, unordered with it
    add<<<4, 128, 0, s>>>(a.p, 4);
    CK(cudaEventRecord(e, s));
    CK(cudaStreamWaitEvent(t, e, 0));
    add<<<4, 128, 0, t>>>(a.p, 8);
    CK(cudaMemcpyAsync(h, a.p, n * sizeof(int), cudaMemcpyDeviceToHost, t));
    CK(cudaEventRecord(e, t));
    CK(cudaStreamWaitEvent(s, e, 0));
    CK(cudaStreamSynchronize(t));
    TEST(h[n - 1] == 1 + 15 * round);
  }
  CK(cudaGraphExecDestroy(executable));
  CK(cudaDeviceSynchronize());
  CK(cudaFreeHost(h));
  CK(cudaEventDestroy(e));
  CK(cudaStreamDestroy(s));
  CK(cudaStreamDestroy(t));
  return done("graph_streams");
}
