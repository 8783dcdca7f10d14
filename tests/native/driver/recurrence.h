// The recurrence and attention over it: forward and backward against plain.h, and what no sample may do to others.
#pragma once

#include <cstdlib>
#include <memory>

#include "../../../qlib_mfgru/native/mfgru.h"
#include "plain.h"

inline Inputs random_inputs(const Sizes& s) {
    const float size = 1 / std::sqrt(float(s.hidden));
    return {random_floats(s.steps * s.fields * s.n),      random_floats(3 * s.hidden * s.fields, size),
            random_floats(3 * s.hidden * s.hidden, size), random_floats(3 * s.hidden, size),
            random_floats(3 * s.hidden, size),            random_floats(s.width * s.hidden, size),
            random_floats(s.width, size),                 random_floats(s.width)};
}

// Gradients of what forward gives: of all states or the last, and of what attention gives.
struct Given {
    bool all_states;
    Floats states, attended;

    Given(const Sizes& s, bool all_states)
        : all_states(all_states),
          states(random_floats((all_states ? s.steps : 1) * s.hidden * s.n)),
          attended(random_floats(s.width ? s.hidden * s.n : 0)) {}
};

// What forward and backward give, in the order of NAMES; every array of just the size that it has.
using Results = std::vector<Floats>;
constexpr const char* NAMES[] = {"states", "attended", "w", "u", "b", "c", "window", "W", "b of W", "v"};

inline Results run(const Sizes& s, const Inputs& in, const Given& grad, int threads) {
    Results out;
    for (size_t size : {grad.states.size(), grad.attended.size(), in.w.size(), in.u.size(), in.b.size(), in.c.size(),
                        in.window.size(), in.attention_w.size(), in.attention_b.size(), in.attention_v.size()})
        out.emplace_back(size);
    Floats softmax(s.width ? 2 * s.n : 0);
    const mfgru_attention attention{in.attention_w.data(), in.attention_b.data(), in.attention_v.data(), s.width,
                                    out[1].data(), softmax.data(), grad.attended.data(), out[7].data(), out[8].data(),
                                    out[9].data()};
    const mfgru_attention* of = s.width ? &attention : nullptr;
    const size_t bytes = mfgru_kept(s.steps, s.fields, s.hidden, s.n) * sizeof(float);
    const std::unique_ptr<void, void (*)(void*)> memory(std::aligned_alloc(64, (bytes + 63) / 64 * 64), std::free);
    float* kept = static_cast<float*>(memory.get());
    const int failed =
        mfgru_forward(in.window.data(), in.w.data(), in.u.data(), in.b.data(), in.c.data(), out[0].data(), kept,
                      s.steps, s.fields, s.hidden, s.n, grad.all_states, threads, of) +
        mfgru_backward(in.window.data(), in.w.data(), in.u.data(), in.b.data(), in.c.data(), grad.states.data(), kept,
                       out[2].data(), out[3].data(), out[4].data(), out[5].data(), out[6].data(), s.steps, s.fields,
                       s.hidden, s.n, grad.all_states, threads, of);
    check(!failed, "there was no memory");
    return out;
}

inline std::vector<Numbers> exact(const Sizes& s, const Inputs& in, const Given& grad) {
    Gradients d(s);
    Numbers states(grad.states.size()), attended(grad.attended.size());
    for (int64_t i = 0; i < s.n; ++i) {
        const Sample sample(s, in, i);
        Numbers d_h(s.steps * s.hidden), d_attended(s.hidden);
        for (int64_t k = 0; k < s.hidden; ++k) {
            for (int64_t t = grad.all_states ? 0 : s.steps - 1; t < s.steps; ++t) {
                const int64_t at = ((grad.all_states ? t : 0) * s.hidden + k) * s.n + i;
                states[at] = sample.state(t)[k];
                d_h[t * s.hidden + k] = grad.states[at];
            }
            if (s.width) {
                attended[k * s.n + i] = sample.attended[k];
                d_attended[k] = grad.attended[k * s.n + i];
            }
        }
        d.add(sample, d_h, d_attended);
    }
    return {states, attended, d.w, d.u, d.b, d.c, d.window, d.attention_w, d.attention_b, d.attention_v};
}

// Of the largest number. A product of bfloat16 is right to 2^-8, and sums of many steps are little better.
#ifdef __AVX512BF16__
constexpr double TOLERANCE = 0.03;
#else
constexpr double TOLERANCE = 5e-5;
#endif

inline double check_recurrence(const Sizes& s, bool all_states) {
    const std::string name = s.name() + (all_states ? ", all states: " : ": ");
    const Inputs in = random_inputs(s);
    const Given grad(s, all_states);
    const std::vector<Numbers> right = exact(s, in, grad);
    const Results alone = run(s, in, grad, 1);
    double worst = 0;
    for (size_t i = 0; i < right.size(); ++i) {
        const double off = error(alone[i], right[i]);
        check(off < TOLERANCE, name + NAMES[i] + " is off by " + std::to_string(off));
        worst = std::max(worst, off);
    }
    for (int threads : {2, 3, 8}) {
        const Results together = run(s, in, grad, threads);
        for (size_t i = 0; i < right.size(); ++i)
            check(same(together[i], alone[i]), name + NAMES[i] + " differs on " + std::to_string(threads) + " threads");
    }
    return worst;
}

// A sample's column of a matrix whose rows are n long.
inline Floats column(const Floats& matrix, int64_t n, int64_t i) {
    Floats values;
    for (size_t at = i; at < matrix.size(); at += n) values.push_back(matrix[at]);
    return values;
}

// What one sample is filled with shows in its own results and in nobody else's: NaN, or numbers that saturate.
inline void check_neighbours(float filling) {
    const Sizes s{6, 5, 13, 90, 4};
    const int64_t odd = 37;
    Inputs in = random_inputs(s);
    const Given grad(s, false);
    const Results before = run(s, in, grad, 2);
    for (size_t at = odd; at < in.window.size(); at += s.n) in.window[at] *= filling;
    const Results after = run(s, in, grad, 2);
    for (size_t which : {0, 1, 6})  // those that have a column for every sample
        for (int64_t i = 0; i < s.n; ++i) {
            const Floats now = column(after[which], s.n, i);
            if (i != odd) check(same(now, column(before[which], s.n, i)), "a neighbour changed");
            else for (float x : now) check(std::isnan(filling) ? std::isnan(x) : std::isfinite(x), "saturated or NaN");
        }
}

inline bool keeps_denormals() {
    volatile float small = 1e-40f;
    return small * 1.0f != 0;
}
