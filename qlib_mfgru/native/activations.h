// Sigmoid, tanh and exp of a few vectors at a time, to a unit or two in the last place.
#pragma once

#include "vectors.h"

namespace {

// Where x is NaN so are these: x86's instructions return their second operand then.
#if defined(__AVX512F__)
inline vf at_most(float bound, vf x) { return (vf)_mm512_min_ps((__m512)all(bound), (__m512)x); }
#elif defined(__AVX2__)
inline vf at_least(float bound, vf x) { return (vf)_mm256_max_ps((__m256)all(bound), (__m256)x); }
inline vf at_most(float bound, vf x) { return (vf)_mm256_min_ps((__m256)all(bound), (__m256)x); }
#else
inline vf at_least(float bound, vf x) { return x < bound ? all(bound) : x; }
inline vf at_most(float bound, vf x) { return x > bound ? all(bound) : x; }
#endif

// N vectors at a time, operation by operation: the processor overlaps independent operations, and one vector alone
// would wait for each result.
#define EACH UNROLL for (int i = 0; i < N; ++i)

// The gates' arguments come in units of log 2, which the packed weights bring about: 2^x is cheaper than e^x.
constexpr double LOG2_E = 1.4426950408889634;

// x -> its distance to the nearest integer k, and scale = 2^k; x beyond what has such a scale counts as the bound.
template <int N>
inline void split(vf* x, vf* scale) {
    EACH x[i] = at_most(115.0f, x[i]);
#ifdef __AVX512F__
    EACH scale[i] = x[i];
    EACH x[i] = (vf)_mm512_reduce_ps((__m512)x[i], 0);
    EACH scale[i] = (vf)_mm512_scalef_ps((__m512)all(1.0f), (__m512)(scale[i] - x[i]));
#else
    constexpr float MAGIC = 12582912.0f + 127.0f;  // adding 1.5 * 2^23 rounds; the low bits are then 2^k's exponent
    EACH x[i] = at_least(-115.0f, x[i]);
    EACH scale[i] = x[i] + MAGIC;
    EACH x[i] -= scale[i] - MAGIC;
    EACH scale[i] = (vf)((vi)scale[i] << 23);
#endif
}

template <int N, int TERMS>
inline void polynomial(const vf* x, vf* p, const float (&terms)[TERMS]) {  // from the highest power down
    static_assert(TERMS >= 2 && TERMS <= LONGEST);
    EACH p[i] = terms[0] * x[i] + terms[1];
    UNROLL for (int power = 2; power < TERMS; ++power) EACH p[i] = p[i] * x[i] + terms[power];
}

template <int N>
inline void exp2(vf* x, float plus = 0) {  // 2^x to 1.5e-7, which moves a sigmoid by a unit in the last place; 2^0 is 1
    vf p[N];
#ifdef __AVX512F__  // minimax for 2^f over [0, 1), f being what is above the integer below, which scalef takes x for
    constexpr float TERMS[] = {1.86713483e-3f, 9.01702058e-3f, 5.57999190e-2f, 2.40164450e-1f, 6.93151312e-1f, 1.0f};
    vf f[N];
    EACH f[i] = (vf)_mm512_reduce_ps((__m512)x[i], _MM_FROUND_TO_NEG_INF);
    polynomial<N>(f, p, TERMS);
    EACH x[i] = (vf)_mm512_scalef_ps((__m512)p[i], (__m512)x[i]) + plus;
#else  // minimax for 2^f over |f| <= 1/2
    constexpr float TERMS[] = {1.32659197e-3f, 9.67145962e-3f, 5.55072885e-2f, 2.40222432e-1f, 6.93146982e-1f, 1.0f};
    vf scale[N];
    split<N>(x, scale);
    polynomial<N>(x, p, TERMS);
    EACH x[i] = scale[i] * p[i] + plus;  // at once, or it could depend on N whether the compiler rounds in between
#endif
}

template <int N>
inline void inverse_sigmoid(vf* x) {  // of -x / LOG2_E
    exp2<N>(x, 1.0f);
}

template <int N>
inline void sigmoid(vf* x) {  // of -x / LOG2_E
    inverse_sigmoid<N>(x);
    EACH x[i] = 1.0f / x[i];
}

template <int N>
inline void exp2_less_1(vf* x) {
    // minimax for (2^f - 1) / f over |f| <= 1/2, right to 3e-8 also where 2^f is near 1: tanh keeps its digits near 0
    constexpr float TERMS[] =
        {1.53533619e-4f, 1.33988739e-3f, 9.61843692e-3f, 5.55033237e-2f, 2.40226477e-1f, 6.93147182e-1f};
    vf scale[N], p[N];
    split<N>(x, scale);
    polynomial<N>(x, p, TERMS);
    EACH p[i] *= x[i];
    EACH x[i] = scale[i] * p[i] + (scale[i] - 1.0f);
}

template <int N>
inline void tanh(vf* x) {  // of x / (2 LOG2_E)
    exp2_less_1<N>(x);
    EACH x[i] = x[i] / (x[i] + 2.0f);
}

template <int N>
inline void exponential(vf* x) {
    EACH x[i] *= float(LOG2_E);
    exp2<N>(x);
}

}  // namespace
