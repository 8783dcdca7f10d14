// The recurrence backward: a tile's gradients, from the last chunk of steps to the first.
#pragma once

#include "attention.h"
#include "tiling.h"
#include "units.h"

namespace {

// Sums over one tile, lane by lane: products of the gradients of n with the fields, of r and z with fields and state, of s
// with the state; these gradients n, r, z, s themselves; and what attention's parameters get.
struct Sums {
    int64_t of_n, of_r_z, of_s, of_gates, of_attention;

    Sums(const Shape& s, const Attention* attention)
        : of_n(s.hidden * s.fields),
          of_r_z(2 * s.hidden * (s.fields + s.hidden)),
          of_s(s.hidden * s.hidden),
          of_gates(4 * s.hidden),
          of_attention(attention ? attention->sums() : 0) {}
    int64_t of_products() const { return of_n + of_r_z + of_s; }
    int64_t total() const { return of_products() + of_gates + of_attention; }
};

struct BackwardCall {
    const Shape& shape;
    const Sums& sums;
    const float *window, *grad;
    const Units& units;
    const Packed &to_state, &to_input;  // the transposes of u and w
    const Attention* attention;         // null without one
    const vf* kept;
    float* partial;   // (tiles, sums)
    float* d_window;  // null where it is not wanted
    bool all_states;
};

template <int V>
class Backward {
    const BackwardCall& call;
    const Tiles<V> s;
    const int64_t row;  // vectors of a step's inputs: fields and state
    Vectors inputs, gates, d_state, step_grad, d_x, sums;
    Vectors of_chunk;  // sums of its gates' gradients: sums of sums round less than one long sum
    Terms<V> of_x, of_state, of_gates;
    StepTerms<V> all_inputs, all_gates;
    std::optional<AttentionGradient<V>> attention;

  public:
    explicit Backward(const BackwardCall& call)
        : call(call),
          s(call.shape),
          row((s.fields + s.hidden) * V),
          inputs(vectors((s.chunk() + 1) * row)),
          gates(vectors(s.chunk() * 4 * s.state())),
          d_state(vectors(s.state())),
          step_grad(vectors(s.state())),
          d_x(vectors(s.fields * V)),
          sums(vectors(call.sums.total())),
          of_chunk(vectors(call.sums.of_gates)),
          of_x(s.fields),
          of_state(s.hidden),
          of_gates(3 * s.hidden),
          all_inputs(s.fields + s.hidden, s.chunk()),
          all_gates(4 * s.hidden, s.chunk()) {
        if (call.attention) attention.emplace(*call.attention, s.chunk());
    }

    void tile(const Place& at) {
        const vf* kept = call.kept + at.kept;
        std::memset(sums.get(), 0, call.sums.total() * sizeof(vf));
        if (call.all_states) std::memset(d_state.get(), 0, s.state() * sizeof(vf));
        else load_rows<V>(call.grad, s.n, at.start, at.width, s.hidden, d_state.get());
        if (attention) attention->begin(s.n, at.start, at.width);
        for (int64_t chunk = s.chunks() - 1; chunk >= 0; --chunk) {
            const int64_t first = chunk * s.chunk(), steps = std::min(s.chunk(), s.steps - first);
            for (int64_t t = 0; t < steps; ++t)
                load_rows<V>(of_window(first + t), s.n, at.start, at.width, s.fields, inputs.get() + t * row);
            std::memcpy(state(0), kept + chunk * s.state(), s.state() * sizeof(vf));
            recompute(first, steps, at);
            std::memset(of_chunk.get(), 0, call.sums.of_gates * sizeof(vf));
            for (int64_t t = steps - 1; t >= 0; --t) step_back(first, t, at);
            add_parameters(steps);
        }
        for (int64_t i = 0; i < call.sums.total(); ++i) {
            double sum = 0;
            for (int lane = 0; lane < LANES; ++lane) sum += sums[i][lane];
            call.partial[at.tile * call.sums.total() + i] = float(sum);
        }
    }

  private:
    const float* of_window(int64_t step) const { return call.window + step * s.fields * s.n; }
    vf* state(int64_t t) const { return inputs.get() + t * row + s.fields * V; }
    vf* gates_of(int64_t t) const { return gates.get() + t * 4 * s.state(); }

    void recompute(int64_t first, int64_t steps, const Place& at) {
        for (int64_t t = 0; t < steps; ++t) {
            if (first) fetch_rows<V>(of_window(first + t - s.chunk()), s.n, at.start, s.fields);
            const vt *x = of_x.of(inputs.get() + t * row, s.fields), *h = of_state.of(state(t), s.hidden);
            call.units.step<V, true>(x, h, state(t), state(t + 1), gates_of(t));
        }
    }

    void step_back(int64_t first, int64_t t, const Place& at) {
        vf *d = d_state.get(), *of_n = gates_of(t), *of_r = of_n + s.state();
        if (call.all_states) {
            load_rows<V>(call.grad + (first + t) * s.hidden * s.n, s.n, at.start, at.width, s.hidden, step_grad.get());
            for (int64_t i = 0; i < s.state(); ++i) d[i] += step_grad[i];
        }
        if (attention) attention->step(t, state(t + 1), d);
        gate_gradients<V>(s.hidden, state(t), of_n, d, of_chunk.get());
        if (first + t > 0)  // nobody asks for the gradient of the state before the first
            call.to_state.add_product<V>(of_gates.of(of_r, 3 * s.hidden), d);
        if (!call.d_window) return;
        std::memset(d_x.get(), 0, s.fields * V * sizeof(vf));
        call.to_input.add_product<V>(of_gates.of(of_n, 3 * s.hidden), d_x.get());
        store_rows<V>(d_x.get(), s.n, at.start, at.width, s.fields, call.d_window + (first + t) * s.fields * s.n);
    }

    void add_parameters(int64_t steps) {
        const TermRows all = all_gates.of({gates.get(), 4 * s.state()}, 4 * s.hidden, steps);
        const TermRows in = all_inputs.of({inputs.get(), row}, s.fields + s.hidden, steps);
        const TermRows r_z{all.first + s.state(), all.stride}, of_s{all.first + 3 * s.state(), all.stride};
        const TermRows of_states{in.first + s.fields * V, in.stride};
        vf* sum = sums.get();
        add_outer<V>(all, s.hidden, in, s.fields, terms(steps), sum);
        add_outer<V>(r_z, 2 * s.hidden, in, s.fields + s.hidden, terms(steps), sum += call.sums.of_n);
        add_outer<V>(of_s, s.hidden, of_states, s.hidden, terms(steps), sum += call.sums.of_r_z);
        sum += call.sums.of_s;
        for (int64_t i = 0; i < call.sums.of_gates; ++i) sum[i] += of_chunk[i];
        if (attention) attention->add_parameters(steps, {state(1), row}, sum + call.sums.of_gates);
    }
};

}  // namespace
