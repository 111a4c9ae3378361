// Pinned memory is freed while a copy from it is still to come.
// ENV: PTXSIM_CHECK=memcheck PTXSIM_LAZY=1
// FIND: use after free.*cudaFreeHost.*a copy in stream s\d+ that nothing has waited for
#include "../t.h"
int main(int, char** v) {
  int *h, *d;
  cudaStream_t s;
  cudaEvent_t e;
  CK(cudaMallocHost(&h, 256));
  CK(cudaMalloc(&d, 256));
  CK(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking));
  CK(cudaEventCreateWithFlags(&e, cudaEventDisableTiming));
  memset(h, 0, 256);
  CK(cudaMemcpyAsync(d, h, 256, cudaMemcpyHostToDevice, s));
  CK(cudaEventRecord(e, s));
  if (v[1][0] != 'b') CK(cudaEventSynchronize(e));
  CK(cudaFreeHost(h));
  CK(cudaFree(d));
  CK(cudaEventDestroy(e));
  CK(cudaStreamDestroy(s));
  return 0;
}
