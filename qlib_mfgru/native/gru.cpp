// The GRU over a tile of samples: all steps of a few vectors of rows at a time, so that the state never leaves the
// cache and no gate is ever written to memory. docs/performance.md draws a tile's life.
//
// Built once per instruction set (recipe.py) and loaded with ctypes: plain C ABI, no Python, no torch. One source
// serves all since it is written in the compiler's vector types; only their width differs.
//
// Arrays, as mfgru.h has them: window (steps, fields, n), states (steps, hidden, n) or (hidden, n). Parameters are
// torch's: w (3 hidden, fields), u (3 hidden, hidden), b and c (3 hidden), gates r, z, n:
//
//     r = sigmoid(W_r x + b_r + U_r h + c_r)        s = U_n h + c_n
//     z = sigmoid(W_z x + b_z + U_z h + c_z)        n = tanh(W_n x + b_n + r s)        h' = n + z (h - n)
//
// A sample's result does not depend on its neighbours, its place or the number of threads, since all lanes run the
// same instructions; sums over samples are made per tile and then over tiles in their order.

#include "backward.h"
#include "forward.h"

namespace {

std::optional<Attention> attending_to(const mfgru_attention* given, int64_t hidden) {
    return given ? std::make_optional<Attention>(*given, hidden) : std::nullopt;
}

// Rows of a matrix whose gates come as n, r, z (w) or r, z, s (u), in torch's order r, z, n.
std::vector<float> input_order(const float* w, int64_t hidden, int64_t fields) {
    const int64_t gate = hidden * fields;
    std::vector<float> ordered(w + 2 * gate, w + 3 * gate);
    ordered.insert(ordered.end(), w, w + 2 * gate);
    return ordered;
}

}  // namespace

extern "C" {

uint64_t mfgru_abi() { return MFGRU_ABI; }

int mfgru_runs() {
#ifdef __AVX512BF16__
    return __builtin_cpu_supports("avx512bf16") != 0;
#else
    return 1;  // torch has found the others
#endif
}

int64_t mfgru_kept(int64_t steps, int64_t fields, int64_t hidden, int64_t n) {
    return Tiling({steps, fields, hidden, n}).kept() * LANES;
}

int mfgru_forward(const float* window, const float* w, const float* u, const float* b, const float* c, float* states,
                  float* kept, int64_t steps, int64_t fields, int64_t hidden, int64_t n, int all_states, int threads,
                  const mfgru_attention* attention) {
    try {
        const Tiling tiling({steps, fields, hidden, n});
        const Units units(fields, hidden, w, u, b, c);
        const std::optional<Attention> attending = attending_to(attention, hidden);
        const Attention* of = attending ? &*attending : nullptr;
        const ForwardCall call{tiling.shape, window, units, of, states, reinterpret_cast<vf*>(kept), all_states != 0};
        tiling.for_each<Forward>(call, threads);
        return 0;
    } catch (const std::bad_alloc&) {
        return 1;
    }
}

int mfgru_backward(const float* window, const float* w, const float* u, const float* b, const float* c,
                   const float* grad, const float* kept, float* d_w, float* d_u, float* d_b, float* d_c,
                   float* d_window, int64_t steps, int64_t fields, int64_t hidden, int64_t n, int all_states,
                   int threads, const mfgru_attention* attention) {
    try {
        const Tiling tiling({steps, fields, hidden, n});
        const Units units(fields, hidden, w, u, b, c);
        const Packed to_state(u, 3 * hidden, hidden);
        const Packed to_input(input_order(w, hidden, fields).data(), 3 * hidden, fields);
        const std::optional<Attention> attending = attending_to(attention, hidden);
        const Attention* of = attending ? &*attending : nullptr;
        const Sums sums(tiling.shape, of);
        std::vector<float> partial(tiling.count() * sums.total());
        const BackwardCall call{tiling.shape, sums, window, grad, units, to_state, to_input, of,
                                reinterpret_cast<const vf*>(kept), partial.data(), d_window, all_states != 0};
        tiling.for_each<Backward>(call, threads);

        std::vector<double> total(sums.total());
        for (int64_t tile = 0; tile < tiling.count(); ++tile)
            for (int64_t i = 0; i < sums.total(); ++i) total[i] += partial[tile * sums.total() + i];
        const double *of_n = total.data(), *of_r_z = of_n + sums.of_n, *of_s = of_r_z + sums.of_r_z;
        const double* of_gates = of_s + sums.of_s;
        std::copy(of_n, of_r_z, d_w + 2 * hidden * fields);
        for (int64_t j = 0; j < 2 * hidden; ++j, of_r_z += fields + hidden) {
            std::copy(of_r_z, of_r_z + fields, d_w + j * fields);
            std::copy(of_r_z + fields, of_r_z + fields + hidden, d_u + j * hidden);
        }
        std::copy(of_s, of_gates, d_u + 2 * hidden * hidden);
        std::copy(of_gates + hidden, of_gates + 3 * hidden, d_b);
        std::copy(of_gates, of_gates + hidden, d_b + 2 * hidden);
        std::copy(of_gates + hidden, of_gates + 4 * hidden, d_c);
        if (attention) {
            const double* of_scores = of_gates + sums.of_gates;
            const int64_t width = attention->width;
            std::copy(of_scores, of_scores + width * hidden, attention->d_w);
            std::copy(of_scores + width * hidden, of_scores + width * hidden + width, attention->d_b);
            std::copy(of_scores + width * hidden + width, of_scores + width * hidden + 2 * width, attention->d_v);
        }
        return 0;
    } catch (const std::bad_alloc&) {
        return 1;
    }
}
}
