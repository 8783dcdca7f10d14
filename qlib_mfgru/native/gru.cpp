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

#include <optional>

#include "attention.h"
#include "mfgru.h"
#include "threads.h"
#include "units.h"

namespace {

// --------------------------------------------------------------------------------------------------- forward

struct ForwardSpace {
    FlushDenormals flush;
    Vectors x, state;  // (chunk, fields), 2 states
    Terms of_x, of_state;
    std::optional<Attended> attended;

    ForwardSpace(const Shape& s, const Attention* attention)
        : x(vectors(s.chunk() * s.fields * V)), state(vectors(2 * s.state())), of_x(s.fields), of_state(s.hidden) {
        if (attention) attended.emplace(*attention);
    }
};

struct Forward {
    const Shape& s;
    const float* window;
    const Units& units;
    const mfgru_attention* attention;  // null without one
    float* states;
    vf* kept;  // null where no backward will follow
    bool all_states;

    void tile(int64_t tile, ForwardSpace& space) const {
        const int64_t start = tile * TILE, width = std::min<int64_t>(TILE, s.n - start);
        vf *h = space.state.get(), *next = h + s.state();
        std::memset(h, 0, s.state() * sizeof(vf));
        if (attention) space.attended->begin();
        for (int64_t first = 0, chunk = 0; first < s.steps; first += s.chunk(), ++chunk) {
            const int64_t steps = std::min(s.chunk(), s.steps - first);
            if (kept) std::memcpy(kept + (tile * s.chunks() + chunk) * s.state(), h, s.state() * sizeof(vf));
            load_rows(window + first * s.fields * s.n, s.n, start, width, steps * s.fields, space.x.get());
            for (int64_t t = 0; t < steps; ++t, std::swap(h, next)) {
                const int64_t later = first + t + s.chunk();
                if (later < s.steps) fetch_rows(window + later * s.fields * s.n, s.n, start, s.fields);
                const vt* x = space.of_x.of(space.x.get() + t * s.fields * V, s.fields);
                units.step<false>(x, space.of_state.of(h, s.hidden), h, next, nullptr);
                if (attention) space.attended->add(next);
                if (all_states) store_rows(next, s.n, start, width, s.hidden, states + (first + t) * s.hidden * s.n);
            }
        }
        if (!all_states) store_rows(h, s.n, start, width, s.hidden, states);
        if (!attention) return;
        space.attended->end();
        store_rows(space.attended->out.get(), s.n, start, width, s.hidden, attention->attended);
        store_rows(space.attended->sum.get(), s.n, start, width, 2, attention->softmax);
    }
};

// -------------------------------------------------------------------------------------------------- backward

// Sums over one tile, lane by lane: of w (gates n, r, z), of u (r, z, s), of the gates n, r, z, s themselves, and of
// attention's parameters.
struct Sums {
    int64_t of_w, of_u, of_gates, of_attention;

    Sums(const Shape& s, const mfgru_attention* attention)
        : of_w(3 * s.hidden * s.fields),
          of_u(3 * s.hidden * s.hidden),
          of_gates(4 * s.hidden),
          of_attention(attention ? AttentionGradient::sums(attention->width, s.hidden) : 0) {}
    int64_t total() const { return of_w + of_u + of_gates + of_attention; }
};

struct BackwardSpace {
    FlushDenormals flush;
    Vectors x, states, gates, d_state, step_grad, d_x, sums;
    Vectors of_chunk;  // sums of its gates' gradients: sums of sums round less than one long sum
    Terms of_x, of_state, of_gates;
    StepTerms all_x, all_states, all_gates;
    std::optional<AttentionGradient> attention;

    BackwardSpace(const Shape& s, const Sums& sizes, const Attention* attending)
        : x(vectors(s.chunk() * s.fields * V)),
          states(vectors((s.chunk() + 1) * s.state())),
          gates(vectors(s.chunk() * 4 * s.state())),
          d_state(vectors(s.state())),
          step_grad(vectors(s.state())),
          d_x(vectors(s.fields * V)),
          sums(vectors(sizes.total())),
          of_chunk(vectors(sizes.of_gates)),
          of_x(s.fields),
          of_state(s.hidden),
          of_gates(3 * s.hidden),
          all_x(s.fields, s.chunk()),
          all_states(s.hidden, s.chunk()),
          all_gates(4 * s.hidden, s.chunk()) {
        if (attending) attention.emplace(*attending, s.chunk());
    }
};

// What a tile's chunk of steps needs of the call.
struct Backward {
    const Shape& s;
    const Sums& sums;
    const float *window, *grad;
    const Units& units;
    const mfgru_attention* attention;  // null without one
    const Packed &to_state, &to_input;  // the transposes of u and w
    const vf* kept;
    float* d_window;
    bool all_states;

    void tile(int64_t tile, BackwardSpace& space, float* partial) const {
        const int64_t start = tile * TILE, width = std::min<int64_t>(TILE, s.n - start);
        std::memset(space.sums.get(), 0, sums.total() * sizeof(vf));
        if (all_states) std::memset(space.d_state.get(), 0, s.state() * sizeof(vf));
        else load_rows(grad, s.n, start, width, s.hidden, space.d_state.get());
        if (attention)
            space.attention->begin(attention->attended, attention->softmax, attention->d_attended, s.n, start, width);
        for (int64_t chunk = s.chunks() - 1; chunk >= 0; --chunk) {
            const int64_t first = chunk * s.chunk(), steps = std::min(s.chunk(), s.steps - first);
            load_rows(window + first * s.fields * s.n, s.n, start, width, steps * s.fields, space.x.get());
            std::memcpy(space.states.get(), kept + (tile * s.chunks() + chunk) * s.state(), s.state() * sizeof(vf));
            recompute(first, steps, start, space);
            std::memset(space.of_chunk.get(), 0, sums.of_gates * sizeof(vf));
            for (int64_t t = steps - 1; t >= 0; --t) step_back(first, t, start, width, space);
            add_parameters(steps, space);
        }
        for (int64_t i = 0; i < sums.total(); ++i) {
            double sum = 0;
            for (int lane = 0; lane < LANES; ++lane) sum += space.sums[i][lane];
            partial[i] = float(sum);
        }
    }

  private:
    void recompute(int64_t first, int64_t steps, int64_t start, BackwardSpace& space) const {
        for (int64_t t = 0; t < steps; ++t) {
            if (first) fetch_rows(window + (first + t - s.chunk()) * s.fields * s.n, s.n, start, s.fields);
            vf* h = space.states.get() + t * s.state();
            const vt* x = space.of_x.of(space.x.get() + t * s.fields * V, s.fields);
            vf* gates = space.gates.get() + t * 4 * s.state();
            units.step<true>(x, space.of_state.of(h, s.hidden), h, h + s.state(), gates);
        }
    }

    void step_back(int64_t first, int64_t t, int64_t start, int64_t width, BackwardSpace& space) const {
        vf *d = space.d_state.get(), *gates = space.gates.get() + t * 4 * s.state();
        if (all_states) {
            load_rows(grad + (first + t) * s.hidden * s.n, s.n, start, width, s.hidden, space.step_grad.get());
            for (int64_t i = 0; i < s.state(); ++i) d[i] += space.step_grad[i];
        }
        if (attention) space.attention->step(t, space.states.get() + (t + 1) * s.state(), d);
        gate_gradients(s.hidden, space.states.get() + t * s.state(), gates, d, space.of_chunk.get());
        to_state.add_product(space.of_gates.of(gates + s.state(), 3 * s.hidden), d);
        if (d_window) {
            std::memset(space.d_x.get(), 0, s.fields * V * sizeof(vf));
            to_input.add_product(space.of_gates.of(gates, 3 * s.hidden), space.d_x.get());
            store_rows(space.d_x.get(), s.n, start, width, s.fields, d_window + (first + t) * s.fields * s.n);
        }
    }

    void add_parameters(int64_t steps, BackwardSpace& space) const {
        const Rows gates{space.gates.get(), 4 * s.state()}, states{space.states.get(), s.state()};
        const TermRows x = space.all_x.of({space.x.get(), s.fields * V}, s.fields, steps);
        const TermRows of_states = space.all_states.of(states, s.hidden, steps);
        const TermRows of_gates = space.all_gates.of(gates, 4 * s.hidden, steps);
        const TermRows recurrent{of_gates.first + s.state(), of_gates.stride};
        vf* sum = space.sums.get();
        add_outer(of_gates, 3 * s.hidden, x, s.fields, terms(steps), sum);
        add_outer(recurrent, 3 * s.hidden, of_states, s.hidden, terms(steps), sum + sums.of_w);
        for (int64_t i = 0; i < sums.of_gates; ++i) sum[sums.of_w + sums.of_u + i] += space.of_chunk[i];
        if (!attention) return;
        space.attention->add_parameters(steps, {states.first + s.state(), states.stride},
                                        sum + sums.of_w + sums.of_u + sums.of_gates);
    }
};

std::optional<Attention> attending_to(const mfgru_attention* given, int64_t hidden) {
    if (!given) return std::nullopt;
    return Attention(given->w, given->b, given->v, given->width, hidden);
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
    const Shape s{steps, fields, hidden, n};
    return s.tiles() * s.chunks() * s.hidden * TILE;
}

int mfgru_forward(const float* window, const float* w, const float* u, const float* b, const float* c, float* states,
                  float* kept, int64_t steps, int64_t fields, int64_t hidden, int64_t n, int all_states, int threads,
                  const mfgru_attention* attention) {
    try {
        const Shape s{steps, fields, hidden, n};
        const Units units(s, w, u, b, c);
        const std::optional<Attention> attending = attending_to(attention, hidden);
        const Attention* of = attending ? &*attending : nullptr;
        const Forward forward{s, window, units, attention, states, reinterpret_cast<vf*>(kept), all_states != 0};
        for_each_tile(
            s.tiles(), threads, [&] { return ForwardSpace(s, of); },
            [&](int64_t tile, ForwardSpace& space) { forward.tile(tile, space); });
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
        const Shape s{steps, fields, hidden, n};
        const Units units(s, w, u, b, c);
        const Packed to_state(u, 3 * hidden, hidden);
        const Packed to_input(input_order(w, hidden, fields).data(), 3 * hidden, fields);
        const std::optional<Attention> attending = attending_to(attention, hidden);
        const Attention* of = attending ? &*attending : nullptr;
        const Sums sums(s, attention);
        const Backward backward{s, sums, window, grad, units, attention, to_state, to_input,
                                reinterpret_cast<const vf*>(kept), d_window, all_states != 0};
        std::vector<float> partial(s.tiles() * sums.total());
        for_each_tile(
            s.tiles(), threads, [&] { return BackwardSpace(s, sums, of); },
            [&](int64_t tile, BackwardSpace& space) { backward.tile(tile, space, &partial[tile * sums.total()]); });

        std::vector<double> total(sums.total());
        for (int64_t tile = 0; tile < s.tiles(); ++tile)
            for (int64_t i = 0; i < sums.total(); ++i) total[i] += partial[tile * sums.total() + i];
        const double *of_w = total.data(), *of_u = of_w + sums.of_w, *of_gates = of_u + sums.of_u;
        const int64_t gate = hidden * fields;
        std::copy(of_w + gate, of_w + 3 * gate, d_w);
        std::copy(of_w, of_w + gate, d_w + 2 * gate);
        std::copy(of_u, of_u + sums.of_u, d_u);
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
