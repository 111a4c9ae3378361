// The instructions that C++ has no words for.  All assembly of the matrix products is here.
#pragma once
#include <cuda_runtime.h>

#include <cstdint>

namespace fastconv {

__device__ __forceinline__ uint32_t shared_address(const void* p) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(p));
}

// Read again instead of carried through the main loop in a register: the compiler cannot merge it with an earlier one.
__device__ __forceinline__ int reread_thread() {
  int r;
  asm volatile("mov.u32 %0, %%tid.x;\n" : "=r"(r));
  return r;
}
__device__ __forceinline__ int reread_block_x() {
  int r;
  asm volatile("mov.u32 %0, %%ctaid.x;\n" : "=r"(r));
  return r;
}
__device__ __forceinline__ int reread_block_y() {
  int r;
  asm volatile("mov.u32 %0, %%ctaid.y;\n" : "=r"(r));
  return r;
}
__device__ __forceinline__ int reread_block_z() {
  int r;
  asm volatile("mov.u32 %0, %%ctaid.z;\n" : "=r"(r));
  return r;
}

// base + index * stride, in elements and in one instruction: written in C++, parts of an index are added up in 64 bits.
template <class Element>
__device__ __forceinline__ const Element* element_at(const Element* base, int index, unsigned stride = 1) {
  const Element* at;
  const unsigned bytes = stride * static_cast<unsigned>(sizeof(Element));
  asm("mad.wide.s32 %0, %1, %2, %3;\n" : "=l"(at) : "r"(index), "r"(bytes), "l"(base));
  return at;
}

// Asynchronous copy of 4, 8 or 16 bytes from global to shared memory; writes zeros where not `valid`.  16 bytes
// bypass L1: a block reads an element once, its reuse is in shared memory.
template <int BYTES>
__device__ __forceinline__ void cp_async(uint32_t target, const void* source, bool valid) {
  const int bytes_read = valid ? BYTES : 0;
  if constexpr (BYTES == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(target), "l"(source), "r"(bytes_read)
                 : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;\n" ::"r"(target), "l"(source), "n"(BYTES),
                 "r"(bytes_read)
                 : "memory");
  }
}
__device__ __forceinline__ void cp_async_commit() { asm volatile("cp.async.commit_group;\n" ::: "memory"); }
template <int PENDING>
__device__ __forceinline__ void cp_async_wait() {
  asm volatile("cp.async.wait_group %0;\n" ::"n"(PENDING) : "memory");
}

// Four 8x8 tiles of 16-bit elements, or 8x4 of 32-bit ones; lane i supplies the address of row i.
__device__ __forceinline__ void ldmatrix_x4(uint32_t (&r)[4], uint32_t address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];\n"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address)
               : "memory");
}

// d += a * b on tensor cores: 16x8x8, TF32 factors, float32 sums.
__device__ __forceinline__ void mma_tf32(float (&d)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Rounds two factors of one row of A, or of one column of B, to the nearest TF32, halves away from zero as cvt.rna does;
// the tensor core cuts the low 13 bits off, which alone would bias every sum.  Half a unit is added to the bits, which
// turns the largest NaN patterns into numbers: a pair with a NaN stays as it is.  That its other factor is then cut, not
// rounded, shows nowhere: all sums of that row or column are NaN.  So three instructions round two factors; cvt.rna
// takes four on sm_80 to sm_100.
__device__ __forceinline__ void round_to_tf32(uint32_t& x, uint32_t& y) {
  asm("{\n"
      ".reg .pred numbers;\n"
      ".reg .f32 first, second;\n"
      "mov.b32 first, %0;\n"
      "mov.b32 second, %1;\n"
      "setp.num.f32 numbers, first, second;\n"
      "@numbers add.u32 %0, %0, 0x1000;\n"
      "@numbers add.u32 %1, %1, 0x1000;\n"
      "}\n"
      : "+r"(x), "+r"(y));
}

}  // namespace fastconv
