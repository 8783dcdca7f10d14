// The recurrence of one tile, step by step: the weights of its hidden units, the gates, and the gates' gradients.
#pragma once

#include "activations.h"
#include "products.h"

namespace {

// A unit's z and n as the quotients that they are, to be taken one by one between the next unit's products: a processor
// divides slowly and in one place only, so that several in a row would keep all else waiting.
template <int V>
struct Quotients {
    vf over[2 * V], under[2 * V];  // of z, which is 1 / x, and of n; a quotient takes the place of its divisor
    vf *const of_z = under, *const of_n = under + V;

    Quotients() {
        for (int i = 0; i < 2 * V; ++i) over[i] = under[i] = all(1.0f);
    }

    // n = tanh(arguments) from here on, once it is taken.
    void set_n(const vf* arguments) {
        vf e[V];
        UNROLL for (int v = 0; v < V; ++v) e[v] = arguments[v];
        exp2_less_1<V>(e);
        UNROLL for (int v = 0; v < V; ++v) {
            over[V + v] = e[v];
            of_n[v] = e[v] + 2.0f;
        }
    }

    void take(int64_t i) { under[i] = over[i] / under[i]; }
};

// The weights of one hidden unit side by side, r, z, n for each field and each state, and in the units that the
// activations take.
struct Units {
    int64_t fields, hidden;
    std::vector<Weight> weights;
    std::vector<float> biases;

    Units(int64_t fields, int64_t hidden, const float* w, const float* u, const float* b, const float* c)
        : fields(fields), hidden(hidden) {
        for (int64_t j = 0; j < hidden; ++j) {
            pack(w, fields, j);
            pack(u, hidden, j);
            const int64_t r = j, z = hidden + j, n = 2 * hidden + j;
            for (double bias : {UNIT[0] * (b[r] + c[r]), UNIT[1] * (b[z] + c[z]), UNIT[2] * b[n], UNIT[2] * c[n]})
                biases.push_back(bias);
        }
    }

    // h, given as terms too, -> next. With KEEP the gates are stored as rows n, r, z, s of `gates` (4 hidden, V).
    //
    // A unit's tanh, which has waited for its sigmoid, is left until the next unit's products are under way: with nothing
    // else to do the processor would wait for it too.
    template <int V, bool KEEP>
    void step(const vt* x, const vt* state, const vf* h, vf* next, vf* gates) const {
        const Weight* weight = weights.data();
        const float* bias = biases.data();
        const int64_t n_x = terms(fields), n_state = terms(hidden), size = hidden * V;
        const int64_t between = std::min<int64_t>(n_state / 2, 2 * V);  // quotients, each taken beside two terms' products
        const vf none = nothing();
        vf arguments[2 * V];  // of tanh, for this unit and the one before
        Quotients<V> late;    // of the one before
        for (int64_t j = 0; j < hidden; ++j, bias += 4) {
            vf r[V], z[V], n[V], s[V];
            UNROLL for (int v = 0; v < V; ++v) r[v] = z[v] = n[v] = s[v] = none;
            PAIRS for (int64_t k = 0; k < n_x; ++k, weight += 3) add<V>(weight, x + k * V, r, z, n);
            vf* argument = arguments + j % 2 * V;
            UNROLL for (int v = 0; v < V; ++v) argument[v] = n[v];
            if (j > 0) late.set_n(arguments + (j - 1) % 2 * V);
            int64_t k = 0, taken = 0;
            for (; taken < between; ++taken, k += 2, weight += 6) {
                late.take(taken);
                add<V>(weight, state + k * V, r, z, s);
                add<V>(weight + 3, state + (k + 1) * V, r, z, s);
            }
            PAIRS for (; k < n_state; ++k, weight += 3) add<V>(weight, state + k * V, r, z, s);
            for (; taken < 2 * V; ++taken) late.take(taken);
            if (j > 0) finish<V, KEEP>(j - 1, late, h, next, gates);
            UNROLL for (int v = 0; v < V; ++v) {  // the biases last: small terms added to a large one lose digits
                r[v] += bias[0];
                z[v] += bias[1];
                s[v] += bias[3];
            }
            sigmoid<V>(r);
            inverse_sigmoid<V>(z);
            UNROLL for (int v = 0; v < V; ++v) {
                argument[v] += bias[2] + r[v] * s[v];
                late.of_z[v] = z[v];
                if (KEEP) {
                    gates[size + j * V + v] = r[v];
                    gates[3 * size + j * V + v] = s[v] * float(1 / UNIT[2]);
                }
            }
        }
        late.set_n(arguments + (hidden - 1) % 2 * V);
        for (int64_t i = 0; i < 2 * V; ++i) late.take(i);
        finish<V, KEEP>(hidden - 1, late, h, next, gates);
    }

  private:
    static constexpr double UNIT[3] = {-LOG2_E, -LOG2_E, 2 * LOG2_E};

    void pack(const float* matrix, int64_t n_in, int64_t j) {
        for (int64_t k = 0; k < terms(n_in); ++k)
            for (int gate = 0; gate < 3; ++gate)
                weights.push_back(weight_of(matrix + (gate * hidden + j) * n_in, 1, k, n_in, UNIT[gate]));
    }

    // Its quotients have been taken.
    template <int V, bool KEEP>
    void finish(int64_t j, const Quotients<V>& late, const vf* h, vf* next, vf* gates) const {
        UNROLL for (int v = 0; v < V; ++v) {
            const int64_t i = j * V + v;
            const vf z = late.of_z[v], n = late.of_n[v];
            next[i] = n + z * (h[i] - n);
            if (KEEP) {
                gates[i] = n;
                gates[2 * hidden * V + i] = z;
            }
        }
    }

    template <int V>
    static inline void add(const Weight* weight, const vt* in, vf* r, vf* z, vf* n) {
        const vt of_r = every(weight[0]), of_z = every(weight[1]), of_n = every(weight[2]);
        UNROLL for (int v = 0; v < V; ++v) {
            vt x = loaded(in[v]);
            r[v] = plus_product(r[v], of_r, x);
            z[v] = plus_product(z[v], of_z, x);
            n[v] = plus_product(n[v], of_n, x);
        }
    }
};

// Gates n, r, z, s of a step become the gradients of what entered them, which `sums` add up lane by lane; d, the gradient
// of the new state, becomes the part of the old state's that passes by the gates.
template <int V>
void gate_gradients(int64_t hidden, const vf* h, vf* gates, vf* d, vf* sums) {
    const int64_t size = hidden * V;
    for (int64_t j = 0; j < hidden; ++j) {
        vf sum[4] = {};
        UNROLL for (int64_t i = j * V; i < (j + 1) * V; ++i) {
            vf n = gates[i], r = gates[size + i], z = gates[2 * size + i], s = gates[3 * size + i];
            vf passed = d[i] * z, d_n = d[i] * (1.0f - z) * (1.0f - n * n), d_s = d_n * r;
            vf d_r = d_s * s * (1.0f - r), d_z = passed * (h[i] - n) * (1.0f - z);
            d[i] = passed;
            sum[0] += gates[i] = d_n;
            sum[1] += gates[size + i] = d_r;
            sum[2] += gates[2 * size + i] = d_z;
            sum[3] += gates[3 * size + i] = d_s;
        }
        UNROLL for (int gate = 0; gate < 4; ++gate) sums[gate * hidden + j] += sum[gate];
    }
}

}  // namespace
