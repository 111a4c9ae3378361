#include "../t.h"
__global__ void add(int* p, const int* q, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) p[i] += q[i];
}
__device__ int where = 5;
__global__ void setw(int v) { where += v; }
int main(int argc, char** argv) {
  int n = 1000, c;
  CK(cudaGetDeviceCount(&c));
  TEST(c == 2);
  std::vector<int> h(n, 3);
  int* p[2];
  cudaStream_t s[2];
  for (int d = 0; d < 2; d++) {
    CK(cudaSetDevice(d));
    CK(cudaMalloc(&p[d], n * 4));
    CK(cudaStreamCreateWithFlags(&s[d], cudaStreamNonBlocking));
    CK(cudaMemcpy(p[d], h.data(), n * 4, cudaMemcpyHostToDevice));
    setw<<<1, 1>>>(d + 1);
    CK(cudaDeviceSynchronize());
  }
  if (argc > 1) {
    add<<<8, 128, 0, s[1]>>>(p[1], p[0], n);
    IS(cudaStreamSynchronize(s[1]), cudaErrorIllegalAddress);
    IS(cudaSetDevice(0), cudaSuccess);
    IS(cudaDeviceSynchronize(), cudaSuccess);
    return done("devices");
  }
  for (int d = 0; d < 2; d++) {
    int w;
    CK(cudaSetDevice(d));
    CK(cudaMemcpyFromSymbol(&w, where, 4));
    TEST(w == 6 + d);
  }
  int can;
  CK(cudaDeviceCanAccessPeer(&can, 1, 0));
  TEST(can);
  CK(cudaSetDevice(1));
  CK(cudaDeviceEnablePeerAccess(0, 0));
  IS(cudaDeviceEnablePeerAccess(0, 0), cudaErrorPeerAccessAlreadyEnabled);
  cudaGetLastError();
  add<<<8, 128, 0, s[1]>>>(p[1], p[0], n);
  cudaEvent_t e;
  CK(cudaEventCreateWithFlags(&e, cudaEventDisableTiming));
  CK(cudaEventRecord(e, s[1]));
  CK(cudaSetDevice(0));
  CK(cudaStreamWaitEvent(s[0], e, 0));
  CK(cudaMemcpyPeerAsync(p[0], 0, p[1], 1, n * 4, s[0]));
  CK(cudaStreamSynchronize(s[0]));
  CK(cudaMemcpy(h.data(), p[0], n * 4, cudaMemcpyDeviceToHost));
  for (int v : h) TEST(v == 6);
  cudaPointerAttributes a;
  CK(cudaPointerGetAttributes(&a, p[1]));
  TEST(a.device == 1);
  for (int d = 0; d < 2; d++) {
    CK(cudaSetDevice(d));
    CK(cudaDeviceSynchronize());
    CK(cudaFree(p[d]));
    CK(cudaStreamDestroy(s[d]));
  }
  CK(cudaEventDestroy(e));
  return done("devices");
}
