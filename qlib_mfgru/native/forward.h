// The recurrence forward: a tile's state through all steps.
#pragma once

#include "attention.h"
#include "tiling.h"
#include "units.h"

namespace {

struct ForwardCall {
    const Shape& shape;
    const float* window;
    const Units& units;
    const Attention* attention;  // null without one
    float* states;
    vf* kept;  // null where no backward will follow
    bool all_states;
};

template <int V>
class Forward {
    const ForwardCall& call;
    const Tiles<V> s;
    Vectors x, state;  // (chunk, fields), 2 states
    Terms<V> of_x, of_state;
    std::optional<Attended<V>> attended;

  public:
    explicit Forward(const ForwardCall& call)
        : call(call),
          s(call.shape),
          x(vectors(s.chunk() * s.fields * V)),
          state(vectors(2 * s.state())),
          of_x(s.fields),
          of_state(s.hidden) {
        if (call.attention) attended.emplace(*call.attention);
    }

    void tile(const Place& at) {
        vf *h = state.get(), *next = h + s.state();
        std::memset(h, 0, s.state() * sizeof(vf));
        if (attended) attended->begin();
        for (int64_t first = 0, kept = at.kept; first < s.steps; first += s.chunk(), kept += s.state()) {
            const int64_t steps = std::min(s.chunk(), s.steps - first);
            if (call.kept) std::memcpy(call.kept + kept, h, s.state() * sizeof(vf));
            load_rows<V>(row(first), s.n, at.start, at.width, steps * s.fields, x.get());
            for (int64_t t = 0; t < steps; ++t, std::swap(h, next)) {
                const int64_t later = first + t + s.chunk();
                if (later < s.steps) fetch_rows<V>(row(later), s.n, at.start, s.fields);
                const vt* of_fields = of_x.of(x.get() + t * s.fields * V, s.fields);
                call.units.step<V, false>(of_fields, of_state.of(h, s.hidden), h, next, nullptr);
                if (attended) attended->add(next);
                if (call.all_states) store(next, at, s.hidden, call.states + (first + t) * s.hidden * s.n);
            }
        }
        if (!call.all_states) store(h, at, s.hidden, call.states);
        if (!attended) return;
        attended->end();
        store(attended->out.get(), at, s.hidden, call.attention->given.attended);
        store(attended->sum.get(), at, 2, call.attention->given.softmax);
    }

  private:
    const float* row(int64_t step) const { return call.window + step * s.fields * s.n; }

    void store(const vf* rows, const Place& at, int64_t n_rows, float* matrix) const {
        store_rows<V>(rows, s.n, at.start, at.width, n_rows, matrix);
    }
};

}  // namespace
