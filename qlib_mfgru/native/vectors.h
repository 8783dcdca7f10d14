// The compiler's vector types at the width of the instruction set that a build is for: one source serves all.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace {

#ifdef __AVX512F__
constexpr int LANES = 16;
#else
constexpr int LANES = 8;
#endif

typedef float vf __attribute__((vector_size(LANES * 4)));
typedef int32_t vi __attribute__((vector_size(LANES * 4)));

#define UNROLL _Pragma("GCC unroll 8")  // so that small arrays of vectors live in registers
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
