#include <cuda_runtime.h>
#include <cstdio>
#ifdef RDC
__device__ int seven();
__device__ __noinline__ int seven() { return 7; }
__global__ void k(int* p) { *p = seven(); }
#else
__global__ void k(int* p) { *p = 7; }
#endif
int main() {
  int* p = nullptr;
  int v = 0;
  cudaMalloc(&p, 4);
#ifdef MISSING
  cudaArray_t a;
  cudaChannelFormatDesc f{};
  cudaMallocArray(&a, &f, 1, 1, 0);
#endif
  k<<<1, 1>>>(p);
  cudaError_t e = cudaGetLastError();
  cudaMemcpy(&v, p, 4, cudaMemcpyDeviceToHost);
  std::printf("%s %d\n", cudaGetErrorName(e), v);
  return 0;
}
