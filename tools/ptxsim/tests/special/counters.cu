#include "../t.h"
template <int S>
__global__ void stride(const float* a, float* o) {
  int i = blockIdx.x * 128 + threadIdx.x;
  o[i] = a[i * S];
}
__global__ void vec4(const float4* a, float4* o) {
  int i = blockIdx.x * 128 + threadIdx.x;
  o[i] = a[i];
}
template <int S>
__global__ void bank(float* o) {
  __shared__ float s[1024];
  int t = threadIdx.x, l = t % 32;
  for (int i = t; i < 1024; i += 128) s[i] = i;
  __syncthreads();
  o[blockIdx.x * 128 + t] = s[l * S % 1024];
}
template <int S>
__global__ void bank4(float4* o) {
  __shared__ float4 s[32];
  int t = threadIdx.x;
  s[t] = make_float4(t, t, t, t);
  __syncwarp();
  o[blockIdx.x * 32 + t] = s[t];
}
__global__ void fmas(float* o, float b) {
  float x = threadIdx.x;
  for (int i = 0; i < 1000; i++) x = fmaf(x, b, 1.f);
  o[blockIdx.x * 128 + threadIdx.x] = x;
}
__global__ void half_warp(float* o, float b, int n) {
  if (threadIdx.x % 32 < 16) {
    float x = threadIdx.x;
    for (int i = 0; i < n; i++) x = fmaf(x, b, 1.f);
    o[threadIdx.x] = x;
  }
}
__global__ void cpa(const float4* a, float4* o) {
  __shared__ float4 s[128];
  int t = threadIdx.x;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"((unsigned)__cvta_generic_to_shared(&s[t])),
               "l"(a + blockIdx.x * 128 + t));
  asm volatile("cp.async.wait_all;" ::: "memory");
  o[blockIdx.x * 128 + t] = s[t];
}
__global__ void atom(unsigned* g) {
  __shared__ unsigned s;
  if (!threadIdx.x) s = 0;
  __syncthreads();
  atomicAdd(&s, threadIdx.x);
  atomicMax(g + threadIdx.x, threadIdx.x);
  __syncthreads();
}
extern __shared__ float dyn[];
__global__ void dynsh(float* o) {
  dyn[threadIdx.x] = 1;
  __syncthreads();
  o[threadIdx.x] = dyn[threadIdx.x ^ 1];
}
__global__ void mma(float* o) {
  float d[4] = {};
  unsigned a[4] = {0x3c003c00, 0x3c003c00, 0x3c003c00, 0x3c003c00}, b[2] = {a[0], a[0]};
  for (int i = 0; i < 10; i++)
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  o[blockIdx.x * 128 + threadIdx.x] = d[0] + d[3];
}
int main() {
  Dev<float> a(512 * 32), o(2048 + 512);
  CK(cudaMemset(a.p, 0, a.n * 4));
  CK(cudaMemset(o.p, 0, o.n * 4));
  stride<0><<<4, 128>>>(a.p, o.p);
  stride<1><<<4, 128>>>(a.p, o.p);
  stride<2><<<4, 128>>>(a.p, o.p);
  stride<8><<<4, 128>>>(a.p, o.p);
  stride<32><<<4, 128>>>(a.p, o.p);
  vec4<<<4, 128>>>((float4*)a.p, (float4*)o.p);
  bank<0><<<4, 128>>>(o.p);
  bank<1><<<4, 128>>>(o.p);
  bank<2><<<4, 128>>>(o.p);
  bank<3><<<4, 128>>>(o.p);
  bank<8><<<4, 128>>>(o.p);
  bank<32><<<4, 128>>>(o.p);
  bank4<4><<<4, 32>>>((float4*)o.p);
  fmas<<<4, 128>>>(o.p, .5f);
  half_warp<<<1, 128>>>(o.p, .5f, 100);
  cpa<<<4, 128>>>((float4*)a.p, (float4*)o.p);
  atom<<<4, 128>>>((unsigned*)o.p);
  CK(cudaFuncSetAttribute(dynsh, cudaFuncAttributeMaxDynamicSharedMemorySize, 70000));
  dynsh<<<1, 128, 70000>>>(o.p);
  mma<<<4, 128>>>(o.p);
  CK(cudaDeviceSynchronize());
  TEST(o.get()[5] == 320);
  return done("counters");
}
