// What a core can do at most: products and nothing else, by which the kernels are judged (benchmarks/gru_cpu.py).

#include "mfgru.h"
#include "terms.h"

namespace {

constexpr int SUMS = REGISTERS - 8;  // more than a product takes to be ready, so that none waits for another

inline void products(vf* sum, vt a, vt b) {
#pragma GCC unroll 32
    for (int i = 0; i < SUMS; ++i) sum[i] = plus_product(sum[i], a, b);
}

}  // namespace

extern "C" int64_t mfgru_peak(int64_t rounds, float* out) {
    vf sum[SUMS];
#pragma GCC unroll 32
    for (int i = 0; i < SUMS; ++i) sum[i] = all(float(i));  // each its own, or one would do for all
    vt a = every(as_weight(1, 1)), b = every(as_weight(0.5f, 0.5f));
    for (int64_t round = 0; round < rounds; ++round) {
        a = loaded(a);  // or the compiler would multiply once, before the loop
        b = loaded(b);
        products(sum, a, b);
    }
    vf total = sum[0];
#pragma GCC unroll 32
    for (int i = 1; i < SUMS; ++i) total += sum[i];
    *out = total[0];
    return 2 * rounds * SUMS * LANES * TERM;
}
