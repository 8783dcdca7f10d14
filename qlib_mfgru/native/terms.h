// What the products of a recurrence multiply, its terms: numbers, or in the build for AVX-512 BF16 pairs of numbers,
// each rounded to bfloat16, of which one instruction adds both products to a sum in float32: half the instructions.
#pragma once

#include "tile.h"

namespace {

// Rows of a tile, or of all steps of a chunk, as terms: row i of step t starts at first + t * stride + i * V.
template <class T>
struct RowsOf {
    const T* first;
    int64_t stride;
};
using Rows = RowsOf<vf>;

#ifdef __AVX512BF16__

constexpr int TERM = 2;  // numbers in a lane
typedef vi vt;
typedef int32_t Weight;

inline int64_t terms(int64_t numbers) { return (numbers + 1) / 2; }

inline vf plus_product(vf sum, vt a, vt b) { return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b); }

inline vt every(Weight weight) { return (vt)_mm512_set1_epi32(weight); }

inline Weight as_weight(float first, float second) {
    return _mm_cvtsi128_si32((__m128i)_mm_cvtneps_pbh(_mm_setr_ps(first, second, 0, 0)));
}

// Lanes of both, half of them each: for sums over lanes, whose order does not matter.
inline vt halves(vf first, vf second) { return (vt)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first); }

// In each lane the numbers of both.
inline vt pair(vf first, vf second) {
    alignas(64) static constexpr int16_t ORDER[] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                                    8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return (vt)_mm512_permutexvar_epi16(_mm512_load_si512(ORDER), (__m512i)halves(first, second));
}

// Memory for rows in pairs; beside an odd last row lies 0.
template <int V>
class Terms {
    std::unique_ptr<vt[], Free> memory;

  public:
    explicit Terms(int64_t n_rows) : memory(reinterpret_cast<vt*>(vectors(terms(n_rows) * V).release())) {}

    // The rows of one step, two in a lane.
    const vt* of(const vf* rows, int64_t n_rows) const {
        vt* out = memory.get();
        int64_t i = 0;
        for (; i + 2 <= n_rows; i += 2, rows += 2 * V, out += V)
            UNROLL for (int v = 0; v < V; ++v) out[v] = pair(rows[v], rows[V + v]);
        if (i < n_rows)
            UNROLL for (int v = 0; v < V; ++v) out[v] = pair(rows[v], vf{});
        return memory.get();
    }
};

// Memory for all rows of a chunk of steps, two steps in a vector; beside an odd last step lies 0.
template <int V>
class StepTerms {
    std::unique_ptr<vt[], Free> memory;

  public:
    StepTerms(int64_t n_rows, int64_t steps)
        : memory(reinterpret_cast<vt*>(vectors(terms(steps) * n_rows * V).release())) {}

    RowsOf<vt> of(Rows rows, int64_t n_rows, int64_t steps) const {
        const int64_t count = n_rows * V;
        vt* out = memory.get();
        int64_t t = 0;
        for (; t + 2 <= steps; t += 2, rows.first += 2 * rows.stride, out += count)
            for (int64_t i = 0; i < count; ++i) out[i] = halves(rows.first[i], rows.first[rows.stride + i]);
        if (t < steps)
            for (int64_t i = 0; i < count; ++i) out[i] = halves(rows.first[i], vf{});
        return {memory.get(), count};
    }
};

#else

constexpr int TERM = 1;
typedef vf vt;
typedef float Weight;

inline int64_t terms(int64_t numbers) { return numbers; }
inline vf plus_product(vf sum, vt a, vt b) { return sum + a * b; }
inline vt every(Weight weight) { return all(weight); }
inline Weight as_weight(float number, float) { return number; }

template <int V>
struct Terms {  // the rows themselves
    explicit Terms(int64_t) {}
    const vt* of(const vf* rows, int64_t) const { return rows; }
};

template <int V>
struct StepTerms {
    StepTerms(int64_t, int64_t) {}
    Rows of(Rows rows, int64_t, int64_t) const { return rows; }
};

#endif

// In a register from here on, of which the compiler knows nothing: it would read it from memory again for every product.
template <class T>
inline T loaded(T x) {
#ifdef __x86_64__
    asm("" : "+v"(x));
#else
    asm("" : "+w"(x));
#endif
    return x;
}

// 0 to begin sums with. Were it known to be 0 the compiler could leave it out, and then round either of the first two
// products: a sum of another number of vectors could differ.
inline vf nothing() { return loaded(vf{}); }

// Term i of a column of weights whose numbers lie `stride` apart.
inline Weight weight_of(const float* column, int64_t stride, int64_t i, int64_t n, double unit = 1) {
    auto number = [&](int64_t k) { return k < n ? float(unit * column[k * stride]) : 0.0f; };
    return as_weight(number(i * TERM), number(i * TERM + 1));
}

}  // namespace
