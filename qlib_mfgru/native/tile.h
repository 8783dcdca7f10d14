// A tile: a few vectors of samples side by side, rows of which are states, gates, inputs. V is how many.
#pragma once

#include <algorithm>
#include <cstring>

#include "vectors.h"

namespace {

// Sums that stay in registers: of a unit's gates 3 x WIDE, of a product ROWS x V, of an outer product LEFT x RIGHT.
constexpr bool MANY = REGISTERS == 32;
constexpr int WIDE = MANY ? 5 : 4, ROWS = MANY ? 5 : 3, LEFT = 6, RIGHT = MANY ? 4 : 2;
static_assert(std::max({WIDE, ROWS, LEFT, RIGHT}) <= LONGEST, "what is not unrolled is not in registers");

// Columns [start, start + width) of a matrix whose rows are n long <-> rows of a tile; missing columns read as 0.
template <int V>
inline void load_rows(const float* matrix, int64_t n, int64_t start, int64_t width, int64_t n_rows, vf* rows) {
    for (int64_t i = 0; i < n_rows; ++i) {
        if (width < LANES * V) std::memset(rows + i * V, 0, sizeof(vf) * V);
        std::memcpy(rows + i * V, matrix + i * n + start, width * sizeof(float));
    }
}

template <int V>
inline void store_rows(const vf* rows, int64_t n, int64_t start, int64_t width, int64_t n_rows, float* matrix) {
    for (int64_t i = 0; i < n_rows; ++i) std::memcpy(matrix + i * n + start, rows + i * V, width * sizeof(float));
}

// They will be loaded soon. Rows lie too far apart for the processor to see them coming.
template <int V>
inline void fetch_rows(const float* matrix, int64_t n, int64_t start, int64_t n_rows) {
    constexpr int LINE = 64 / sizeof(float);  // of the cache
    for (int64_t i = 0; i < n_rows; ++i)
        for (int64_t k = 0; k <= LANES * V; k += LINE) __builtin_prefetch(matrix + i * n + start + k, 0, 2);
}

}  // namespace
