#include <cuda_runtime.h>
#include <cstdio>
__global__ void k(int* p) {
  if (p) *p = 1;
}
static void say(const char* n, cudaError_t e) { std::printf("%s %s\n", n, cudaGetErrorName(e)); }
int main() {
  int n = -1, d = 0, x = 0;
  int* p[3] = {};
  say("count", cudaGetDeviceCount(&n));
  std::printf("n %d\n", n);
  cudaDriverGetVersion(&d);
  std::printf("driver %d\n", d);
  cudaDeviceProp q{};
  cudaGetDeviceProperties(&q, 0);
  std::printf("cc %d%d\n", q.major, q.minor);
  cudaGetLastError();
  say("malloc1", cudaMalloc(&p[0], 1 << 20));
  say("malloc2", cudaMalloc(&p[1], 1 << 20));
  say("malloc3", cudaMalloc(&p[2], (1 << 20) + 512));
  cudaGetLastError();
  say("copy1", cudaMemcpy(p[0], &x, 4, cudaMemcpyHostToDevice));
  say("copy2", cudaMemcpy(p[0], &x, 4, cudaMemcpyHostToDevice));
  cudaGetLastError();
  k<<<1, 1>>>(p[0]);
  say("launch1", cudaGetLastError());
  k<<<1, 1>>>(p[0]);
  say("launch2", cudaGetLastError());
  k<<<1, 1>>>(p[0]);
  say("launch3", cudaGetLastError());
  say("sync", cudaDeviceSynchronize());
  say("last", cudaGetLastError());
  for (auto* r : p) cudaFree(r);
  return 0;
}
