// Another stream reads what a graph writes, without an event between them.
// ENV: PTXSIM_CHECK=race PTXSIM_LAZY=1
// FIND: race in global memory.*another stream
#include "../t.h"
__global__ void put(int* p, int k) { p[threadIdx.x] = k; }
__global__ void get(const int* p, int* q) { q[threadIdx.x] = p[threadIdx.x]; }
int main(int, char** v) {
  Dev<int> a(64), b(64);
  cudaStream_t s, t;
  cudaEvent_t e;
  CK(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking));
  CK(cudaStreamCreateWithFlags(&t, cudaStreamNonBlocking));
  CK(cudaEventCreateWithFlags(&e, cudaEventDisableTiming));
  cudaGraph_t graph;
  cudaGraphExec_t executable;
  CK(cudaStreamBeginCapture(s, cudaStreamCaptureModeThreadLocal));
  put<<<1, 64, 0, s>>>(a.p, 1);
  CK(cudaStreamEndCapture(s, &graph));
  CK(cudaGraphInstantiate(&executable, graph, 0));
  CK(cudaGraphLaunch(executable, s));
  if (v[1][0] != 'b') {
    CK(cudaEventRecord(e, s));
    CK(cudaStreamWaitEvent(t, e, 0));
  }
  get<<<1, 64, 0, t>>>(a.p, b.p);
  return cudaDeviceSynchronize() != cudaSuccess;
}
