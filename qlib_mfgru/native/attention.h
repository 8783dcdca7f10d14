// Attention over a tile's states while they pass by, so that they are never written:
//
//     u_t = v . tanh(W h_t + b)        o = sum_t softmax_t(u_t) h_t
//
// Forward keeps a running maximum of u and sums relative to it. Backward needs only the last maximum and the
// inverse of the sum, with which each step's weight is computed anew.
#pragma once

#include "activations.h"
#include "mfgru.h"
#include "products.h"

namespace {

struct Attention {
    const mfgru_attention& given;
    int64_t width, hidden;
    Packed to_scores, to_state;  // W in tanh's units, and its transpose
    std::vector<float> bias, outer;

    Attention(const mfgru_attention& given, int64_t hidden)
        : given(given),
          width(given.width),
          hidden(hidden),
          to_scores(columns(given.w, width, hidden).data(), hidden, width),
          to_state(given.w, width, hidden),
          bias(width),
          outer(given.v, given.v + width) {
        for (int64_t j = 0; j < width; ++j) bias[j] = float(2 * LOG2_E * given.b[j]);
    }

    // Sums of the gradients of W, b and v.
    int64_t sums() const { return width * hidden + 2 * width; }

    // tanh(W h + b) into `inner` (width, V) and u into `score` (V).
    template <int V>
    void scores(const vt* h, vf* inner, vf* score) const {
        std::fill(inner, inner + width * V, vf{});
        to_scores.add_product<V>(h, inner);
        std::fill(score, score + V, vf{});
        for (int64_t j = 0; j < width; ++j) {
            vf* of_j = inner + j * V;
            UNROLL for (int v = 0; v < V; ++v) of_j[v] += bias[j];
            tanh<V>(of_j);
            UNROLL for (int v = 0; v < V; ++v) score[v] += outer[j] * of_j[v];
        }
    }

  private:
    static std::vector<float> columns(const float* w, int64_t width, int64_t hidden) {
        std::vector<float> transposed(hidden * width);
        for (int64_t j = 0; j < width; ++j)
            for (int64_t k = 0; k < hidden; ++k) transposed[k * width + j] = float(2 * LOG2_E * w[j * hidden + k]);
        return transposed;
    }
};

// A tile's softmax and what it weighs, as far as the steps have gone.
template <int V>
struct Attended {
    const Attention& of;
    Vectors inner, sum, out;  // (width), maximum and sum (2), o times the sum (hidden)
    Terms<V> of_state;

    explicit Attended(const Attention& of)
        : of(of),
          inner(vectors(of.width * V)),
          sum(vectors(2 * V)),
          out(vectors(of.hidden * V)),
          of_state(of.hidden) {}

    void begin() {
        std::fill(sum.get(), sum.get() + V, all(-1e30f));
        std::fill(sum.get() + V, sum.get() + 2 * V, vf{});
        std::fill(out.get(), out.get() + of.hidden * V, vf{});
    }

    void add(const vf* h) {
        vf score[V], scaled[V], weight[V];
        of.scores<V>(of_state.of(h, of.hidden), inner.get(), score);
        UNROLL for (int v = 0; v < V; ++v) {
            vf maximum = score[v] < sum[v] ? sum[v] : score[v];  // NaN, once there, stays
            scaled[v] = sum[v] - maximum;
            weight[v] = score[v] - maximum;
            sum[v] = maximum;
        }
        exponential<V>(scaled);
        exponential<V>(weight);
        UNROLL for (int v = 0; v < V; ++v) sum[V + v] = sum[V + v] * scaled[v] + weight[v];
        for (int64_t k = 0; k < of.hidden; ++k)
            UNROLL for (int v = 0; v < V; ++v) out[k * V + v] = out[k * V + v] * scaled[v] + weight[v] * h[k * V + v];
    }

    // o is in `out`, and the sum is inverted, from here on.
    void end() {
        UNROLL for (int v = 0; v < V; ++v) sum[V + v] = 1.0f / sum[V + v];
        for (int64_t k = 0; k < of.hidden; ++k)
            UNROLL for (int v = 0; v < V; ++v) out[k * V + v] *= sum[V + v];
    }
};

// A tile's way back: what attention adds to the gradient of each state, and to those of its own parameters.
template <int V>
struct AttentionGradient {
    const Attention& of;
    Vectors softmax, grad, along;  // maximum and inverse sum (2), of o (hidden), grad . o (1)
    Vectors rows;                  // (chunk, 2 width): gradients of W h + b, then what v's is the sum of
    Terms<V> of_state, of_inner;
    StepTerms<V> all_states, all_inner;

    AttentionGradient(const Attention& of, int64_t chunk)
        : of(of),
          softmax(vectors(2 * V)),
          grad(vectors(of.hidden * V)),
          along(vectors(V)),
          rows(vectors(chunk * 2 * of.width * V)),
          of_state(of.hidden),
          of_inner(of.width),
          all_states(of.hidden, chunk),
          all_inner(of.width, chunk) {}

    // Columns [start, start + width) of what forward gave and of the gradient of o, all (.., n).
    void begin(int64_t n, int64_t start, int64_t width) {
        Vectors out = vectors(of.hidden * V);
        load_rows<V>(of.given.attended, n, start, width, of.hidden, out.get());
        load_rows<V>(of.given.softmax, n, start, width, 2, softmax.get());
        load_rows<V>(of.given.d_attended, n, start, width, of.hidden, grad.get());
        dot(grad.get(), out.get(), along.get());
    }

    // Add to `d` what reaches the state `h` of the chunk's step t.
    void step(int64_t t, const vf* h, vf* d) {
        vf score[V], weight[V], through[V];
        vf *d_inner = rows.get() + t * 2 * of.width * V, *inner = d_inner + of.width * V;
        of.scores<V>(of_state.of(h, of.hidden), inner, score);
        UNROLL for (int v = 0; v < V; ++v) weight[v] = score[v] - softmax[v];
        exponential<V>(weight);
        dot(grad.get(), h, through);
        UNROLL for (int v = 0; v < V; ++v) {
            weight[v] *= softmax[V + v];
            through[v] = weight[v] * (through[v] - along[v]);
        }
        for (int64_t j = 0; j < of.width; ++j)
            UNROLL for (int v = 0; v < V; ++v) {
                vf a = inner[j * V + v];
                d_inner[j * V + v] = through[v] * of.outer[j] * (1.0f - a * a);
                inner[j * V + v] = through[v] * a;
            }
        for (int64_t k = 0; k < of.hidden; ++k)
            UNROLL for (int v = 0; v < V; ++v) d[k * V + v] += weight[v] * grad[k * V + v];
        of.to_state.add_product<V>(of_inner.of(d_inner, of.width), d);
    }

    // Add the chunk's share to the sums of W, b and v, (width * hidden + 2 width).
    void add_parameters(int64_t steps, Rows states, vf* sum) const {
        const Rows inner{rows.get(), 2 * of.width * V};
        add_outer<V>(all_inner.of(inner, of.width, steps), of.width, all_states.of(states, of.hidden, steps), of.hidden,
                  terms(steps), sum);
        add_sums<V>(inner, 2 * of.width, steps, sum + of.width * of.hidden);
    }

  private:
    void dot(const vf* a, const vf* b, vf* product) const {
        std::fill(product, product + V, vf{});
        for (int64_t k = 0; k < of.hidden; ++k)
            UNROLL for (int v = 0; v < V; ++v) product[v] += a[k * V + v] * b[k * V + v];
    }
};

}  // namespace
