// Windows of a panel, gathered and normalised a tile of samples at a time while they are in the cache: what
// qlib_mfgru/data/normalize.py does in numpy, and defines.
//
// `bars` is the panel, (day, stock, bar, field): of a sample's window, `rows` = steps * fields values, the `run` of a day
// lie together, from `first` on, and those of the next day `stride` further. Samples drawn at random have few neighbours
// among them: were stocks innermost, a line of the cache would be fetched for every value.

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "mfgru.h"
#include "threads.h"
#include "vectors.h"

namespace {

constexpr int V = 4, TILE = LANES * V, LINE = 16;  // floats in a line of the cache
constexpr int64_t AHEAD = 6;  // rows: they lie n values apart, so that no processor sees them coming
constexpr double RESOLUTION = 5e-7;  // as in normalize.py

typedef double vd __attribute__((vector_size(LANES * 8)));

struct Windows {
    const float* bars;
    int64_t stride, run, steps, fields;
    const uint8_t* modes;  // how each field is scaled, mfgru_mode

    int64_t rows() const { return steps * fields; }
    int by(int64_t field) const { return modes[field] & ~MFGRU_LATE; }
    bool late(int64_t field) const { return modes[field] & MFGRU_LATE; }
};

// A calling thread's memory for tiles, kept until it ends: half a megabyte that came and went with every call, between
// what numpy keeps of it, would leave the heap full of holes.
vf* workspace(int64_t count) {
    static thread_local Vectors memory;
    static thread_local int64_t size = 0;
    if (count > size) {
        size = 0;
        memory.reset();
        memory = vectors(count);
        size = count;
    }
    return memory.get();
}

// They will soon be read, or with WRITE written; where they begin within a line of the cache, nobody knows.
template <bool WRITE = false>
inline void fetch(const float* values, int64_t count) {
    for (int64_t i = 0; i < count; i += LINE) __builtin_prefetch(values + i, WRITE);
    __builtin_prefetch(values + count - 1, WRITE);
}

// One tile of windows; what it holds of samples beyond its width and of missing series is 0.
struct Tile {
    const Windows& w;
    vf* const values;   // (rows, V)
    vf* const shift;    // (fields, V): still to be subtracted
    vf* const present;  // (fields, V): 0 where the series is missing, else 1

    static int64_t size(const Windows& w) { return (w.rows() + 2 * w.fields) * V; }

    Tile(const Windows& w, vf* memory)
        : w(w), values(memory), shift(values + w.rows() * V), present(shift + w.fields * V) {}

    // Gather the windows at `first`, divide each series by its scale and subtract 1, in an order that keeps the digits.
    void load(const int64_t* first, int64_t width) {
        gather(first, width);
        for (int64_t field = 0; field < w.fields; ++field) {
            if (w.late(field) || w.by(field) == MFGRU_NONE) begin(field, width);
            if (w.by(field) != MFGRU_NONE) scale(field, w.by(field) == MFGRU_LAST);
        }
    }

    inline vf scaled(int64_t row, int v) const { return values[row * V + v] - shift[row % w.fields * V + v]; }

  private:
    // A day at a time, so that what is turned over stays in the innermost cache.
    void gather(const int64_t* first, int64_t width) {
        float* out = reinterpret_cast<float*>(values);
        if (width < TILE) std::memset(out, 0, w.rows() * V * sizeof(vf));
        const float* day = w.bars;
        for (int64_t row = 0; row < w.rows(); row += w.run, day += w.stride, out += w.run * TILE)
            for (int64_t i = 0; i < width; ++i) {
                const float* from = day + first[i];
                if (row + w.run < w.rows()) fetch(from + w.stride, w.run);
                for (int64_t j = 0; j < w.run; ++j) out[j * TILE + i] = from[j];
            }
    }

    // Which series have a value when the window begins; the others become 0, which has no scale either.
    void begin(int64_t field, int64_t width) {
        vf *const series = values + field * V, *const begun = present + field * V;
        for (int64_t i = 0; i < TILE; ++i) {
            const float start = series[i / LANES][i % LANES];
            begun[i / LANES][i % LANES] = i < width && !(w.late(field) && std::isnan(start));
        }
        if (w.late(field))
            for (int64_t i = 0; i < w.rows() * V; i += w.fields * V)
                for (int v = 0; v < V; ++v) series[i + v] = begun[v] > 0 ? series[i + v] : all(0);
        for (int v = 0; v < V; ++v) shift[field * V + v] = vf{};
    }

    void scale(int64_t field, bool by_last) {
        vf* const series = values + field * V;
        const int64_t step = w.fields * V, end = w.steps * step;
        vf by[V], inverse[V], sum[V];
        UNROLL for (int v = 0; v < V; ++v) by[v] = sum[v] = vf{};
        if (by_last) UNROLL for (int v = 0; v < V; ++v) by[v] = series[end - step + v];
        else {
            for (int64_t i = 0; i < end;) {  // sums of sums of 16: a rounded mean would stretch its whole series
                vf part[V];
                UNROLL for (int v = 0; v < V; ++v) part[v] = vf{};
                for (const int64_t until = std::min(end, i + 16 * step); i < until; i += step)
                    UNROLL for (int v = 0; v < V; ++v) part[v] += series[i + v];
                UNROLL for (int v = 0; v < V; ++v) by[v] += part[v];
            }
            UNROLL for (int v = 0; v < V; ++v) by[v] /= float(w.steps);
        }
        UNROLL for (int v = 0; v < V; ++v) {
            present[field * V + v] = by[v] > 0 ? all(1) : all(0);
            inverse[v] = by[v] > 0 ? 1.0f / by[v] : all(0);
        }
        for (int64_t i = 0; i < end; i += step)
            UNROLL for (int v = 0; v < V; ++v) {
                vf x = (series[i + v] - by[v]) * inverse[v];
                series[i + v] = x;
                sum[v] += x;
            }
        // the mean should be 0: what it is instead is the rounding error of the scale
        UNROLL for (int v = 0; v < V; ++v) shift[field * V + v] = by_last ? vf{} : sum[v] / float(w.steps);
    }
};

inline double total(const vd& x) {
    double sum = 0;
    for (int lane = 0; lane < LANES; ++lane) sum += x[lane];
    return sum;
}

void statistics(const Windows& w, const int64_t* first, int64_t n, float* mean, float* inverse_std) {
    Tile tile(w, workspace(Tile::size(w)));
    std::vector<double> sums(w.rows()), squares(w.rows()), counts(w.fields);
    for (int64_t start = 0; start < n; start += TILE) {
        tile.load(first + start, std::min<int64_t>(TILE, n - start));
        for (int64_t row = 0; row < w.rows(); ++row) {
            vd sum{}, square{};
            for (int v = 0; v < V; ++v) {
                vd x = __builtin_convertvector(tile.scaled(row, v), vd);
                sum += x;
                square += x * x;
            }
            sums[row] += total(sum);
            squares[row] += total(square);
        }
        for (int64_t field = 0; field < w.fields; ++field)
            for (int v = 0; v < V; ++v)
                counts[field] += total(__builtin_convertvector(tile.present[field * V + v], vd));
    }
    for (int64_t row = 0; row < w.rows(); ++row) {
        const double count = std::max(counts[row % w.fields], 1.0), average = sums[row] / count;
        const double std = std::sqrt(std::max(squares[row] / count - average * average, 0.0));
        const double size = std::fabs(average);  // scaled values lie about 1, raw ones are of any size
        const bool constant = std <= (w.by(row % w.fields) == MFGRU_NONE ? size * 1e-6 : std::max(size, 1.0) * RESOLUTION);
        mean[row] = float(average);
        inverse_std[row] = constant ? 0.0f : float(1 / std);
    }
}

// Lanes of one vector whose samples are of the same date.
struct Run {
    int vector;
    int64_t date;
    vi lanes;  // -1 in them, 0 elsewhere
};

// A tile's samples come in the order of their dates, so there are few runs.
std::vector<Run> runs(const int64_t* column, int64_t width) {
    std::vector<Run> found;
    for (int64_t i = 0; i < width; ++i) {
        if (i % LANES == 0 || column[i] != found.back().date) found.push_back({int(i / LANES), column[i], vi{}});
        found.back().lanes[i % LANES] = -1;
    }
    return found;
}

void normalised(const Windows& w, const int64_t* first, int64_t n, const float* mean, const float* inverse_std,
                int64_t dates, const int64_t* column, float clip, float* out, int threads) {
    if (n == 0) return;
    const int64_t tiles = (n + TILE - 1) / TILE, size = Tile::size(w);
    vf* const memory = workspace(size * std::min<int64_t>(std::max(threads, 1), tiles));
    std::atomic<int64_t> taken{0};
    const auto own_tile = [&] { return Tile(w, memory + size * taken++); };
    for_each_tile(tiles, threads, own_tile, [&](int64_t number, Tile& tile) {
        const int64_t start = number * TILE, width = std::min<int64_t>(TILE, n - start);
        tile.load(first + start, width);
        const std::vector<Run> of_dates = runs(column + start, width);
        for (int64_t row = 0; row < w.rows(); ++row) {
            if (row + AHEAD < w.rows()) fetch<true>(out + (row + AHEAD) * n + start, width);
            vf centre[V] = {}, factor[V] = {}, values[V];
            for (const Run& run : of_dates) {
                centre[run.vector] = run.lanes ? all(mean[row * dates + run.date]) : centre[run.vector];
                factor[run.vector] = run.lanes ? all(inverse_std[row * dates + run.date]) : factor[run.vector];
            }
            for (int v = 0; v < V; ++v) {
                vf x = (tile.scaled(row, v) - centre[v]) * factor[v] * tile.present[row % w.fields * V + v];
                x = x < -clip ? all(-clip) : x;
                values[v] = x > clip ? all(clip) : x;
            }
            std::memcpy(out + row * n + start, values, width * sizeof(float));
        }
    });
}

}  // namespace

extern "C" {

int mfgru_statistics(const float* bars, int64_t stride, int64_t run, int64_t steps, int64_t fields,
                     const uint8_t* modes, const int64_t* first, int64_t n, float* mean, float* inverse_std) {
    try {
        statistics({bars, stride, run, steps, fields, modes}, first, n, mean, inverse_std);
        return 0;
    } catch (const std::bad_alloc&) {
        return 1;
    }
}

int mfgru_normalised(const float* bars, int64_t stride, int64_t run, int64_t steps, int64_t fields,
                     const uint8_t* modes, const int64_t* first, int64_t n, const float* mean,
                     const float* inverse_std, int64_t dates, const int64_t* column, float clip, float* out,
                     int threads) {
    try {
        normalised({bars, stride, run, steps, fields, modes}, first, n, mean, inverse_std, dates, column, clip, out,
                   threads);
        return 0;
    } catch (const std::bad_alloc&) {
        return 1;
    }
}
}
