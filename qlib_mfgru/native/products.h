// Products of a tile's rows: with a matrix, and among each other, summed over samples and steps.
#pragma once

#include <vector>

#include "terms.h"

namespace {

// out[k] += sum_i weights[i, k] in[i] for M rows k of a tile and n_in terms i; weights are packed M in a row.
template <int V, int M>
inline void product_rows(const Weight* weights, const vt* in, int64_t n_in, vf* out) {
    const vf none = nothing();  // added one by one to a large `out`, small terms would be rounded as coarsely as it is
    vf sum[M][V];
    UNROLL for (int m = 0; m < M; ++m)
        UNROLL for (int v = 0; v < V; ++v) sum[m][v] = none;
    for (int64_t i = 0; i < n_in; ++i) {
        vt weight[M];
        UNROLL for (int m = 0; m < M; ++m) weight[m] = every(weights[i * M + m]);
        UNROLL for (int v = 0; v < V; ++v) {
            vt x = loaded(in[i * V + v]);
            UNROLL for (int m = 0; m < M; ++m) sum[m][v] = plus_product(sum[m][v], weight[m], x);
        }
    }
    UNROLL for (int m = 0; m < M; ++m)
        UNROLL for (int v = 0; v < V; ++v) out[m * V + v] += sum[m][v];
}

// A matrix packed for `product_rows`: blocks of ROWS output rows, the last one smaller.
struct Packed {
    int64_t n_in, n_out;  // terms, rows
    std::vector<Weight> weights;

    // The transpose of `matrix` (numbers, n_out), given as it lies there.
    Packed(const float* matrix, int64_t numbers, int64_t n_out) : n_in(terms(numbers)), n_out(n_out) {
        weights.reserve(n_in * n_out);
        for (int64_t k = 0; k < n_out; k += ROWS)
            for (int64_t i = 0; i < n_in; ++i)
                for (int64_t m = k; m < std::min(k + ROWS, n_out); ++m)
                    weights.push_back(weight_of(matrix + m, n_out, i, numbers));
    }

    template <int V>
    void add_product(const vt* in, vf* out) const {
        int64_t k = 0;
        for (; k + ROWS <= n_out; k += ROWS) product_rows<V, ROWS>(&weights[k * n_in], in, n_in, out + k * V);
        const Weight* rest = weights.data() + k * n_in;
        out += k * V;
        static_assert(ROWS <= 5, "up to 4 rows are left over, and each such number needs a case");
        switch (n_out - k) {
            case 4: return product_rows<V, 4>(rest, in, n_in, out);
            case 3: return product_rows<V, 3>(rest, in, n_in, out);
            case 2: return product_rows<V, 2>(rest, in, n_in, out);
            case 1: return product_rows<V, 1>(rest, in, n_in, out);
        }
    }
};

using TermRows = RowsOf<vt>;

// sum[i, k] += left[i] * right[k] over the steps, as terms, and vectors of a chunk, lane by lane.
template <int V, int L, int R>
inline void outer_block(TermRows left, TermRows right, int64_t steps, vf* sums, int64_t n_right) {
    const vf none = nothing();
    vf sum[L][R];  // of this chunk alone: sums of sums round less than one long sum
    UNROLL for (int i = 0; i < L; ++i)
        UNROLL for (int k = 0; k < R; ++k) sum[i][k] = none;
    for (int64_t t = 0; t < steps; ++t) {
        const vt *a = left.first + t * left.stride, *b = right.first + t * right.stride;
        UNROLL for (int v = 0; v < V; ++v) {
            vt of_right[R];
            UNROLL for (int k = 0; k < R; ++k) of_right[k] = loaded(b[k * V + v]);
            UNROLL for (int i = 0; i < L; ++i) {
                vt of_left = loaded(a[i * V + v]);
                UNROLL for (int k = 0; k < R; ++k) sum[i][k] = plus_product(sum[i][k], of_left, of_right[k]);
            }
        }
    }
    UNROLL for (int i = 0; i < L; ++i)
        UNROLL for (int k = 0; k < R; ++k) sums[i * n_right + k] += sum[i][k];
}

// As many columns at a time as there are registers for, then half as many, down to one.
template <int V, int L, int R = RIGHT>
inline void outer_rows(TermRows left, TermRows right, int64_t steps, vf* sums, int64_t n_right, int64_t k = 0) {
    for (; k + R <= n_right; k += R, right.first += R * V)
        outer_block<V, L, R>(left, right, steps, sums + k, n_right);
    if constexpr (R > 1) outer_rows<V, L, R / 2>(left, right, steps, sums, n_right, k);
}

template <int V>
inline void add_outer(TermRows left, int64_t n_left, TermRows right, int64_t n_right, int64_t steps, vf* sums) {
    int64_t i = 0;
    for (; i + LEFT <= n_left; i += LEFT, left.first += LEFT * V)
        outer_rows<V, LEFT>(left, right, steps, sums + i * n_right, n_right);
    for (; i < n_left; ++i, left.first += V) outer_rows<V, 1>(left, right, steps, sums + i * n_right, n_right);
}

template <int V>
inline void add_sums(Rows rows, int64_t n_rows, int64_t steps, vf* sums) {
    for (int64_t i = 0; i < n_rows; ++i, rows.first += V) {
        vf sum[V] = {};  // side by side: one sum would wait for itself
        for (int64_t t = 0; t < steps; ++t)
            UNROLL for (int v = 0; v < V; ++v) sum[v] += rows.first[t * rows.stride + v];
        UNROLL for (int v = 0; v < V; ++v) sums[i] += sum[v];
    }
}

}  // namespace
