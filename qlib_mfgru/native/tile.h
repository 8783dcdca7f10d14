// A tile: a few vectors of samples side by side, rows of which are states, gates, inputs; and what is done to rows.
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "vectors.h"

namespace {

#ifdef __AVX512F__
constexpr int V = 4, BLOCK = 5;  // 32 registers: 5 x 5 sums, or 5 x V, stay in them
#else
constexpr int V = 3, BLOCK = 3;  // 16 registers
#endif
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
    asm("" : "+v"(x));
    return x;
}

// out[k] += sum_i weights[i, k] in[i] for M rows k of a tile; weights are packed M in a row.
template <int M>
inline void product_rows(const float* weights, const vf* in, int64_t n_in, vf* out) {
    vf sum[M][V];  // from 0: added one by one to a large `out`, small terms would be rounded as coarsely as it is
    UNROLL for (int m = 0; m < M; ++m)
        UNROLL for (int v = 0; v < V; ++v) sum[m][v] = vf{};
    for (int64_t i = 0; i < n_in; ++i) {
        vf x[V];
        UNROLL for (int v = 0; v < V; ++v) x[v] = loaded(in[i * V + v]);
        UNROLL for (int m = 0; m < M; ++m) {
            vf weight = all(weights[i * M + m]);
            UNROLL for (int v = 0; v < V; ++v) sum[m][v] += weight * x[v];
        }
    }
    UNROLL for (int m = 0; m < M; ++m)
        UNROLL for (int v = 0; v < V; ++v) out[m * V + v] += sum[m][v];
}

// A matrix packed for `product_rows`: blocks of BLOCK output rows, the last one smaller.
struct Packed {
    int64_t n_in, n_out;
    std::vector<float> weights;

    // The transpose of `matrix` (n_in, n_out), given as it lies there.
    Packed(const float* matrix, int64_t n_in, int64_t n_out) : n_in(n_in), n_out(n_out) {
        weights.reserve(n_in * n_out);
        for (int64_t k = 0; k < n_out; k += BLOCK)
            for (int64_t i = 0; i < n_in; ++i)
                for (int64_t m = k; m < std::min(k + BLOCK, n_out); ++m) weights.push_back(matrix[i * n_out + m]);
    }

    void add_product(const vf* in, vf* out) const {
        int64_t k = 0;
        for (; k + BLOCK <= n_out; k += BLOCK) product_rows<BLOCK>(&weights[k * n_in], in, n_in, out + k * V);
        const float* rest = weights.data() + k * n_in;
        out += k * V;
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

template <int L>
inline void outer_rows(Rows left, Rows right, int64_t steps, vf* sums, int64_t n_right) {
    int64_t k = 0;
    for (; k + BLOCK <= n_right; k += BLOCK, right.first += BLOCK * V)
        outer_block<L, BLOCK>(left, right, steps, sums + k, n_right);
    switch (n_right - k) {
        case 4: return outer_block<L, 4>(left, right, steps, sums + k, n_right);
        case 3: return outer_block<L, 3>(left, right, steps, sums + k, n_right);
        case 2: return outer_block<L, 2>(left, right, steps, sums + k, n_right);
        case 1: return outer_block<L, 1>(left, right, steps, sums + k, n_right);
    }
}

inline void add_outer(Rows left, int64_t n_left, Rows right, int64_t n_right, int64_t steps, vf* sums) {
    int64_t i = 0;
    for (; i + BLOCK <= n_left; i += BLOCK, left.first += BLOCK * V)
        outer_rows<BLOCK>(left, right, steps, sums + i * n_right, n_right);
    for (; i < n_left; ++i, left.first += V) outer_rows<1>(left, right, steps, sums + i * n_right, n_right);
}

inline void add_sums(Rows rows, int64_t n_rows, int64_t steps, vf* sums) {
    for (int64_t i = 0; i < n_rows; ++i) {
        vf sum = {};
        for (int64_t t = 0; t < steps; ++t)
            for (int v = 0; v < V; ++v) sum += rows.first[t * rows.stride + i * V + v];
        sums[i] += sum;
    }
}

}  // namespace
