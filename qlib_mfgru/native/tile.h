// A tile: a few vectors of samples side by side, rows of which are states, gates, inputs; and what is done to rows.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "vectors.h"

namespace {

// Sums that stay in registers: of a unit's gates 3 x V, of a product ROWS x V, of an outer product LEFT x RIGHT.
constexpr bool MANY = REGISTERS == 32;
constexpr int V = MANY ? 5 : 4, ROWS = MANY ? 5 : 3, LEFT = 6, RIGHT = MANY ? 4 : 2;
static_assert(std::max({V, ROWS, LEFT, RIGHT}) <= LONGEST, "what is not unrolled is not in registers");
constexpr int TILE = LANES * V;  // samples

// Columns [start, start + width) of a matrix whose rows are n long <-> rows of a tile; missing columns read as 0.
inline void load_rows(const float* matrix, int64_t n, int64_t start, int64_t width, int64_t n_rows, vf* rows) {
    for (int64_t i = 0; i < n_rows; ++i) {
        if (width < TILE) std::memset(rows + i * V, 0, sizeof(vf) * V);
        std::memcpy(rows + i * V, matrix + i * n + start, width * sizeof(float));
    }
}

inline void store_rows(const vf* rows, int64_t n, int64_t start, int64_t width, int64_t n_rows, float* matrix) {
    for (int64_t i = 0; i < n_rows; ++i) std::memcpy(matrix + i * n + start, rows + i * V, width * sizeof(float));
}

// In a register from here on: the compiler would read it from memory again for every product.
inline vf loaded(vf x) {
#ifdef __x86_64__
    asm("" : "+v"(x));
#else
    asm("" : "+w"(x));
#endif
    return x;
}

// out[k] += sum_i weights[i, k] in[i] for M rows k of a tile; weights are packed M in a row.
template <int M>
inline void product_rows(const float* weights, const vf* in, int64_t n_in, vf* out) {
    vf sum[M][V];  // from 0: added one by one to a large `out`, small terms would be rounded as coarsely as it is
    UNROLL for (int m = 0; m < M; ++m)
        UNROLL for (int v = 0; v < V; ++v) sum[m][v] = vf{};
    for (int64_t i = 0; i < n_in; ++i) {
        vf weight[M];
        UNROLL for (int m = 0; m < M; ++m) weight[m] = all(weights[i * M + m]);
        UNROLL for (int v = 0; v < V; ++v) {
            vf x = loaded(in[i * V + v]);
            UNROLL for (int m = 0; m < M; ++m) sum[m][v] += weight[m] * x;
        }
    }
    UNROLL for (int m = 0; m < M; ++m)
        UNROLL for (int v = 0; v < V; ++v) out[m * V + v] += sum[m][v];
}

// A matrix packed for `product_rows`: blocks of ROWS output rows, the last one smaller.
struct Packed {
    int64_t n_in, n_out;
    std::vector<float> weights;

    // The transpose of `matrix` (n_in, n_out), given as it lies there.
    Packed(const float* matrix, int64_t n_in, int64_t n_out) : n_in(n_in), n_out(n_out) {
        weights.reserve(n_in * n_out);
        for (int64_t k = 0; k < n_out; k += ROWS)
            for (int64_t i = 0; i < n_in; ++i)
                for (int64_t m = k; m < std::min(k + ROWS, n_out); ++m) weights.push_back(matrix[i * n_out + m]);
    }

    void add_product(const vf* in, vf* out) const {
        int64_t k = 0;
        for (; k + ROWS <= n_out; k += ROWS) product_rows<ROWS>(&weights[k * n_in], in, n_in, out + k * V);
        const float* rest = weights.data() + k * n_in;
        out += k * V;
        static_assert(ROWS <= 5, "up to 4 rows are left over, and each such number needs a case");
        switch (n_out - k) {
            case 4: return product_rows<4>(rest, in, n_in, out);
            case 3: return product_rows<3>(rest, in, n_in, out);
            case 2: return product_rows<2>(rest, in, n_in, out);
            case 1: return product_rows<1>(rest, in, n_in, out);
        }
    }
};

// A run of steps of row blocks in the cache: row i of step t starts at first + t * stride + i * V.
struct Rows {
    const vf* first;
    int64_t stride;
};

// sum[i, k] += left[i] * right[k] over the steps and vectors of a chunk, lane by lane.
template <int L, int R>
inline void outer_block(Rows left, Rows right, int64_t steps, vf* sums, int64_t n_right) {
    vf sum[L][R];  // of this chunk alone: sums of sums round less than one long sum
    UNROLL for (int i = 0; i < L; ++i)
        UNROLL for (int k = 0; k < R; ++k) sum[i][k] = vf{};
    for (int64_t t = 0; t < steps; ++t) {
        const vf *a = left.first + t * left.stride, *b = right.first + t * right.stride;
        UNROLL for (int v = 0; v < V; ++v) {
            vf of_right[R];
            UNROLL for (int k = 0; k < R; ++k) of_right[k] = loaded(b[k * V + v]);
            UNROLL for (int i = 0; i < L; ++i) {
                vf of_left = loaded(a[i * V + v]);
                UNROLL for (int k = 0; k < R; ++k) sum[i][k] += of_left * of_right[k];
            }
        }
    }
    UNROLL for (int i = 0; i < L; ++i)
        UNROLL for (int k = 0; k < R; ++k) sums[i * n_right + k] += sum[i][k];
}

// As many columns at a time as there are registers for, then half as many, down to one.
template <int L, int R = RIGHT>
inline void outer_rows(Rows left, Rows right, int64_t steps, vf* sums, int64_t n_right, int64_t k = 0) {
    for (; k + R <= n_right; k += R, right.first += R * V)
        outer_block<L, R>(left, right, steps, sums + k, n_right);
    if constexpr (R > 1) outer_rows<L, R / 2>(left, right, steps, sums, n_right, k);
}

inline void add_outer(Rows left, int64_t n_left, Rows right, int64_t n_right, int64_t steps, vf* sums) {
    int64_t i = 0;
    for (; i + LEFT <= n_left; i += LEFT, left.first += LEFT * V)
        outer_rows<LEFT>(left, right, steps, sums + i * n_right, n_right);
    for (; i < n_left; ++i, left.first += V) outer_rows<1>(left, right, steps, sums + i * n_right, n_right);
}

inline void add_sums(Rows rows, int64_t n_rows, int64_t steps, vf* sums) {
    for (int64_t i = 0; i < n_rows; ++i, rows.first += V) {
        vf sum[V] = {};  // side by side: one sum would wait for itself
        for (int64_t t = 0; t < steps; ++t)
            UNROLL for (int v = 0; v < V; ++v) sum[v] += rows.first[t * rows.stride + v];
        UNROLL for (int v = 0; v < V; ++v) sums[i] += sum[v];
    }
}

}  // namespace
