// How narrow code reaches a function of the wide units.
//
//   FASTCONV_WIDE(void, relu_rows, (const Relu&, const Call&));   // in the stem's own header
//   ... {"rows", ..., FASTCONV_PICK(relu_rows)} ...               // in the stem's list
//
// A wide unit is compiled once a set, with FASTCONV_SIMD naming the namespace (baseline, avx2, avx512) and
// FASTCONV_VECTOR_FLOATS the vector's width in floats (4, 8, 16); it defines
//   namespace fastconv { namespace FASTCONV_SIMD { void relu_rows(const Relu&, const Call&) {...} } }
#pragma once
#include "core/isa.h"

#if defined(FASTCONV_HAS_X86_SETS)
#define FASTCONV_WIDE(result, name, parameters)  \
  namespace baseline { result name parameters; } \
  namespace avx2 { result name parameters; }     \
  namespace avx512 { result name parameters; }
#define FASTCONV_PICK(name) ::fastconv::pick(&baseline::name, &avx2::name, &avx512::name)
#else
#define FASTCONV_WIDE(result, name, parameters) \
  namespace baseline { result name parameters; }
#define FASTCONV_PICK(name) ::fastconv::pick(&baseline::name, &baseline::name, &baseline::name)
#endif
