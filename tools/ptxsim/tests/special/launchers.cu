#include <cuda_runtime.h>
template <class T>
__global__ void axpy_k(T a, const T* x, T* y, long n) {
  long i = blockIdx.x * (long)blockDim.x + threadIdx.x;
  if (i < n) y[i] += a * x[i];
}
__global__ void rowsum_k(const float* x, float* o, int m) {
  float s = 0;
  for (int i = threadIdx.x; i < m; i += 32) s += x[blockIdx.x * (long)m + i];
  for (int d = 16; d; d >>= 1) s += __shfl_xor_sync(~0u, s, d);
  if (!threadIdx.x) o[blockIdx.x] = s;
}
extern "C" {
int axpy_f32(float a, const void* x, void* y, long n, void* s) {
  axpy_k<<<(n + 127) / 128, 128, 0, (cudaStream_t)s>>>(a, (const float*)x, (float*)y, n);
  return cudaGetLastError();
}
int axpy_f64(double a, const void* x, void* y, long n, void* s) {
  axpy_k<<<(n + 127) / 128, 128, 0, (cudaStream_t)s>>>(a, (const double*)x, (double*)y, n);
  return cudaGetLastError();
}
int rowsum(const void* x, void* o, int r, int m, void* s) {
  rowsum_k<<<r, 32, 0, (cudaStream_t)s>>>((const float*)x, (float*)o, m);
  return cudaGetLastError();
}
int dev_alloc(void** p, size_t n) { return cudaMalloc(p, n); }
int dev_free(void* p) { return cudaFree(p); }
int to_dev(void* d, const void* h, size_t n, void* s) {
  return cudaMemcpyAsync(d, h, n, cudaMemcpyHostToDevice, (cudaStream_t)s);
}
int to_host(void* h, const void* d, size_t n, void* s) {
  int e = cudaMemcpyAsync(h, d, n, cudaMemcpyDeviceToHost, (cudaStream_t)s);
  return e ? e : cudaStreamSynchronize((cudaStream_t)s);
}
int stream_new(void** s) { return cudaStreamCreateWithFlags((cudaStream_t*)s, cudaStreamNonBlocking); }
int stream_free(void* s) { return cudaStreamDestroy((cudaStream_t)s); }
}
