// How the samples of a call are shared out to tiles, and these to threads.
#pragma once

#include <optional>

#include "terms.h"
#include "threads.h"

namespace {

// What a chunk's gates may take of a core's second-level cache: so little that of seven steps the rows of one block of an
// outer product also lie in the first-level cache together.
constexpr int64_t CACHE_BYTES = 352 << 10;
constexpr int NARROW = MANY ? 3 : 2;  // vectors of a tile, hardly slower than WIDE
constexpr int LAST = 16;              // vectors in narrow tiles

struct Shape {
    int64_t steps, fields, hidden, n;
};

// Its tiles of V vectors.
template <int V>
struct Tiles : Shape {
    explicit Tiles(const Shape& shape) : Shape(shape) {}

    int64_t state() const { return hidden * V; }  // vectors in a tile's state
    // Steps whose gates are kept in the cache at once; a state is stored once a chunk.
    int64_t chunk() const {
        const int64_t rows = 5 * hidden + fields, as_terms = TERM > 1 ? terms(rows) : 0;
        const int64_t fits = CACHE_BYTES / ((rows + as_terms) * V * int64_t(sizeof(vf)));
        return std::max<int64_t>(1, std::min(fits - fits % TERM, steps));
    }
    int64_t chunks() const { return (steps + chunk() - 1) / chunk(); }
    int64_t kept() const { return chunks() * state(); }  // vectors that a tile keeps for its way back
};

// A tile's number, its samples [start, start + width), and where what it keeps begins.
struct Place {
    int64_t tile, start, width, kept;
};

// Most samples lie in wide tiles, the last in narrow ones, so that threads end nearly together. This depends on the number
// of samples alone, since sums over samples are made per tile.
struct Tiling {
    Shape shape;
    int64_t wide, narrow;

    explicit Tiling(const Shape& shape) : shape(shape) {
        const int64_t vectors = (shape.n + LANES - 1) / LANES;
        wide = std::max<int64_t>(0, vectors - LAST) / WIDE;
        narrow = (vectors - wide * WIDE + NARROW - 1) / NARROW;
    }
    int64_t count() const { return wide + narrow; }
    int64_t kept() const { return wide * Tiles<WIDE>(shape).kept() + narrow * Tiles<NARROW>(shape).kept(); }

    // Every tile in turn, on its thread's own Work<WIDE>(call) or Work<NARROW>(call).
    template <template <int> class Work, class Call>
    void for_each(const Call& call, int threads) const {
        struct Space {
            FlushDenormals flush;
            std::optional<Work<WIDE>> of_wide;
            std::optional<Work<NARROW>> of_narrow;
        };
        for_each_tile(
            count(), threads, [] { return Space{}; },
            [&](int64_t tile, Space& space) {
                if (tile < wide) made(space.of_wide, call).tile(place<WIDE>(tile));
                else made(space.of_narrow, call).tile(place<NARROW>(tile));
            });
    }

  private:
    template <class Work, class Call>
    static Work& made(std::optional<Work>& work, const Call& call) {  // when it is first needed
        if (!work) work.emplace(call);
        return *work;
    }

    template <int V>
    Place place(int64_t tile) const {
        const int64_t before = V == WIDE ? 0 : wide, i = tile - before;
        const int64_t start = LANES * (before * WIDE + i * V);
        return {tile, start, std::min<int64_t>(LANES * V, shape.n - start),
                before * Tiles<WIDE>(shape).kept() + i * Tiles<V>(shape).kept()};
    }
};

}  // namespace
