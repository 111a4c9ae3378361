// Memory that a captured copy reads is freed before the graph runs again.
// ENV:
// FIND: use after free.*memcpy of 256 bytes in a stream.*FREED
#include "../t.h"
int main(int, char** v) {
  int *a, *b;
  CK(cudaMalloc(&a, 256));
  CK(cudaMalloc(&b, 256));
  CK(cudaMemset(a, 0, 256));
  cudaStream_t s;
  CK(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking));
  cudaGraph_t graph;
  cudaGraphExec_t executable;
  CK(cudaStreamBeginCapture(s, cudaStreamCaptureModeThreadLocal));
  CK(cudaMemcpyAsync(b, a, 256, cudaMemcpyDeviceToDevice, s));
  CK(cudaStreamEndCapture(s, &graph));
  CK(cudaGraphInstantiate(&executable, graph, 0));
  CK(cudaGraphDestroy(graph));
  CK(cudaGraphLaunch(executable, s));
  CK(cudaStreamSynchronize(s));
  if (v[1][0] == 'b') CK(cudaFree(a));
  CK(cudaGraphLaunch(executable, s));
  return cudaStreamSynchronize(s) != cudaSuccess;
}
