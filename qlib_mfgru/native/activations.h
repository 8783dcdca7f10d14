// Sigmoid, tanh and exp of a few vectors at a time, to a unit or two in the last place.
#pragma once

#include "vectors.h"

namespace {

// Where x is NaN so are these: the instructions return their second operand then.
#ifdef __AVX512F__
inline vf at_most(float bound, vf x) { return (vf)_mm512_min_ps((__m512)all(bound), (__m512)x); }
inline vf estimate_reciprocal(vf x) { return (vf)_mm512_rcp14_ps((__m512)x); }
#else
inline vf at_least(float bound, vf x) { return (vf)_mm256_max_ps((__m256)all(bound), (__m256)x); }
inline vf at_most(float bound, vf x) { return (vf)_mm256_min_ps((__m256)all(bound), (__m256)x); }
inline vf estimate_reciprocal(vf x) { return (vf)_mm256_rcp_ps((__m256)x); }
#endif

// N vectors at a time, operation by operation: the processor overlaps what stands side by side, and one vector alone
// would wait for each result.
#define EACH UNROLL for (int i = 0; i < N; ++i)

template <int N>
inline void invert(vf* x) {  // with one Newton step 1 ulp or so; a division takes as long as eight products
    vf y[N];
    EACH y[i] = estimate_reciprocal(x[i]);
    EACH x[i] = 1.0f - x[i] * y[i];
    EACH x[i] = y[i] + y[i] * x[i];
}

// The gates' arguments come in units of log 2, which the packed weights bring about: 2^x is cheaper than e^x.
constexpr double LOG2_E = 1.4426950408889634;

// x -> its distance to the nearest integer k, and scale = 2^k.
template <int N>
inline void split(vf* x, vf* scale) {
#ifdef __AVX512F__
    EACH scale[i] = x[i];
    EACH x[i] = (vf)_mm512_reduce_ps((__m512)x[i], 0);
    EACH scale[i] = (vf)_mm512_scalef_ps((__m512)all(1.0f), (__m512)(scale[i] - x[i]));
#else
    constexpr float MAGIC = 12582912.0f;  // adding 1.5 * 2^23 rounds, and leaves the integer in the low bits
    EACH x[i] = at_least(-115.0f, x[i]);
    EACH scale[i] = x[i] + MAGIC;
    EACH x[i] -= scale[i] - MAGIC;
    EACH scale[i] = (vf)(((vi)scale[i] << 23) + 0x3f800000);
#endif
}

// Minimax polynomials for (2^x - 1) / x over |x| <= 1/2, from the highest power down. FINE is right to 3e-8 also where
// 2^x is near 1; COARSE errs by 9e-8 of 2^x, which moves a sigmoid by less than its last place.
constexpr float FINE[] = {1.53533619e-4f, 1.33988739e-3f, 9.61843692e-3f, 5.55033237e-2f, 2.40226477e-1f, 6.93147182e-1f};
constexpr float COARSE[] = {1.326591971e-3f, 9.671459617e-3f, 5.550728851e-2f, 2.402224321e-1f, 6.931469823e-1f};

// 2^x = scale (1 + p), the parts of which 2^x + 1 and 2^x - 1 are made without losing digits; p replaces x.
template <int N, int TERMS>
inline void exp2_parts(vf* x, vf* scale, const float (&polynomial)[TERMS]) {
    vf p[N];
    EACH x[i] = at_most(115.0f, x[i]);  // 2^x + 1 must have a reciprocal
    split<N>(x, scale);
    EACH p[i] = polynomial[0] * x[i] + polynomial[1];
    UNROLL for (int power = 2; power < TERMS; ++power) EACH p[i] = p[i] * x[i] + polynomial[power];
    EACH x[i] *= p[i];
}

template <int N>
inline void sigmoid(vf* x) {  // of -x / LOG2_E
    vf scale[N];
    exp2_parts<N>(x, scale, COARSE);
    EACH x[i] = scale[i] * x[i] + (scale[i] + 1.0f);
    invert<N>(x);
}

template <int N>
inline void tanh(vf* x) {  // of x / (2 LOG2_E)
    vf scale[N], e[N];
    exp2_parts<N>(x, scale, FINE);
    EACH e[i] = scale[i] * x[i] + (scale[i] - 1.0f);
    EACH x[i] = e[i] + 2.0f;
    invert<N>(x);
    EACH x[i] *= e[i];
}

template <int N>
inline void exponential(vf* x) {
    vf scale[N];
    EACH x[i] *= float(LOG2_E);
    exp2_parts<N>(x, scale, FINE);
    EACH x[i] = scale[i] * x[i] + scale[i];
}

}  // namespace
