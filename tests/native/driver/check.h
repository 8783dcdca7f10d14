// What the driver's checks share: random numbers, comparisons, and the count of what failed.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

using Floats = std::vector<float>;
using Numbers = std::vector<double>;

inline std::atomic<int> failures{0}, checks{0};
inline std::mt19937 source;

inline void check(bool holds, const std::string& what) {
    ++checks;
    if (holds) return;
    ++failures;
    std::printf("FAILED: %s\n", what.c_str());
}

inline Floats random_floats(int64_t count, float size = 1) {
    std::normal_distribution<float> normal(0, size);
    Floats values(count);
    for (float& value : values) value = normal(source);
    return values;
}

// Largest error over the largest number; over 0.1 where all are smaller, as sums may be of which nothing is left.
inline double error(const Floats& got, const Numbers& right) {
    double worst = 0, largest = 0.1;
    for (size_t i = 0; i < right.size(); ++i) {
        const double off = std::fabs(got[i] - right[i]);
        worst = off <= worst ? worst : off;  // NaN shows
        largest = std::max(largest, std::fabs(right[i]));
    }
    return got.size() == right.size() ? worst / largest : INFINITY;
}

inline bool same(const Floats& a, const Floats& b) {  // to the bit
    return a.size() == b.size() && (a.empty() || !std::memcmp(a.data(), b.data(), a.size() * sizeof(float)));
}
