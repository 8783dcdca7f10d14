// The compiler's vector types at the width of the instruction set that a build is for: one source serves all.
#pragma once

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace {

// Numbers in a vector, and the registers there are for vectors.
#if defined(__AVX512F__)
constexpr int LANES = 16, REGISTERS = 32;
#elif defined(__AVX2__)
constexpr int LANES = 8, REGISTERS = 16;
#elif defined(__aarch64__)
constexpr int LANES = 4, REGISTERS = 32;  // NEON's own width: the compiler would split a wider one, and spill
#else
#error "the kernels are for x86-64 with AVX-512 or AVX2 and for arm64: see recipe.py"
#endif

typedef float vf __attribute__((vector_size(LANES * 4)));
typedef int32_t vi __attribute__((vector_size(LANES * 4)));

static_assert(sizeof(vf) == LANES * sizeof(float) && sizeof(vi) == sizeof(vf));

#define UNROLL _Pragma("GCC unroll 8")  // so that small arrays of vectors live in registers
constexpr int LONGEST = 8;              // such an array
#define PAIRS _Pragma("GCC unroll 2")   // so that half of the counting of long loops is saved

inline vf all(float x) { return x - vf{}; }

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};
using Vectors = std::unique_ptr<vf[], Free>;

inline Vectors vectors(int64_t count) {
    void* memory = std::aligned_alloc(sizeof(vf), (count > 0 ? count : 1) * sizeof(vf));
    if (!memory) throw std::bad_alloc();
    return Vectors(static_cast<vf*>(memory));
}

}  // namespace
