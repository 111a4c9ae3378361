// A step that allocates and waits works when it is run, and cannot be captured.
// ENV:
#include "../t.h"
__global__ void fill(int* p, int k) { p[threadIdx.x] = k; }
static cudaError_t step(cudaStream_t stream, int* scratch, bool allocates) {
  if (!allocates) {
    fill<<<1, 64, 0, stream>>>(scratch, 1);
    return cudaGetLastError();
  }
  cudaError_t error = cudaMalloc(&scratch, 256);
  if (error) return error;
  fill<<<1, 64, 0, stream>>>(scratch, 1);
  if ((error = cudaStreamSynchronize(stream))) return error;
  return cudaFree(scratch);
}
int main(int, char** v) {
  const bool allocates = v[1][0] == 'b';
  Dev<int> scratch(64);
  cudaStream_t s;
  CK(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking));
  CK(step(s, scratch.p, allocates));
  CK(cudaStreamSynchronize(s));
  cudaGraph_t graph = nullptr;
  CK(cudaStreamBeginCapture(s, cudaStreamCaptureModeThreadLocal));
  const cudaError_t error = step(s, scratch.p, allocates);
  const cudaError_t ended = cudaStreamEndCapture(s, &graph);
  return error != cudaSuccess || ended != cudaSuccess;
}
