// Windows gathered and normalised: statistics and samples against formulas in double, and from several threads at once.
#pragma once

#include <functional>
#include <thread>

#include "../../../qlib_mfgru/native/mfgru.h"
#include "check.h"

// A panel of some stocks, and windows that begin at places of the samples of two dates. Fields are one whose prices are
// all the same, one of prices, one of volumes, raw numbers about 0, and levels that begin late, scaled and raw.
struct Panel {
    int64_t stocks, steps, fields, bars_a_day, dates = 2;
    std::vector<uint8_t> modes;
    Floats bars;                         // (days, stocks, bars_a_day, fields)
    std::vector<int64_t> first, column;  // where each sample's window begins, and its date

    Panel(int64_t stocks, int64_t steps, uint8_t by)
        : stocks(stocks),
          steps(steps),
          fields(6),
          bars_a_day(steps % 2 ? 1 : 2),
          modes{by, by, by, MFGRU_NONE, uint8_t(by | MFGRU_LATE), uint8_t(MFGRU_NONE | MFGRU_LATE)},
          bars((steps / bars_a_day + 1) * stride()) {
        const Floats moves = random_floats(bars.size(), 0.05f);
        for (int64_t i = 0; i < int64_t(bars.size()); ++i) {
            const int64_t field = i % fields, stock = i / run() % stocks;
            bars[i] = field == 0 ? 3 : field == 3 ? moves[i] : 10 * std::exp(moves[i]);
            if (field == 2 && stock == 0) bars[i] = 0;                        // has no scale
            if (field >= 4 && stock % 3 == 0 && i < stride()) bars[i] = NAN;  // on the first day
        }
        for (int64_t date = 0; date < dates; ++date)
            for (int64_t stock = 0; stock < stocks; stock += 1 + date) {  // side by side, and every other
                first.push_back(date * stride() + stock * run());
                column.push_back(date);
            }
    }

    int64_t run() const { return bars_a_day * fields; }
    int64_t stride() const { return stocks * run(); }
    int64_t rows() const { return steps * fields; }
    int64_t n() const { return int64_t(first.size()); }
    int64_t samples(int64_t date) const { return std::count(column.begin(), column.end(), date); }
    const int64_t* begin(int64_t date) const { return first.data() + (date ? samples(0) : 0); }

    // Series `field` of the window at `at` over its scale, less 1, or as it is; empty where it is missing.
    Numbers scaled(int64_t at, int64_t field) const {
        Numbers series(steps);
        double by = 0;
        for (int64_t t = 0; t < steps; ++t) by += series[t] = bars[at + t / bars_a_day * stride() + t % bars_a_day * fields + field];
        if (modes[field] & MFGRU_LATE && std::isnan(series[0])) return {};
        if (modes[field] & MFGRU_NONE) return series;
        by = modes[field] & MFGRU_LAST ? series.back() : by / double(steps);
        if (!(by > 0)) return {};
        for (double& x : series) x = x / by - 1;
        return series;
    }
};

struct Moments {
    Floats mean, inverse_std;  // (rows, dates)

    explicit Moments(const Panel& p) : mean(p.rows() * p.dates), inverse_std(mean) {
        for (int64_t date = 0; date < p.dates; ++date) {
            Floats of_date(p.rows()), inverse(p.rows());
            check(!mfgru_statistics(p.bars.data(), p.stride(), p.run(), p.steps, p.fields, p.modes.data(),
                                    p.begin(date), p.samples(date), of_date.data(), inverse.data()), "there was no memory");
            for (int64_t row = 0; row < p.rows(); ++row) {
                mean[row * p.dates + date] = of_date[row];
                inverse_std[row * p.dates + date] = inverse[row];
            }
        }
    }
};

inline Moments exact_moments(const Panel& p, Moments m) {
    for (int64_t date = 0; date < p.dates; ++date)
        for (int64_t row = 0; row < p.rows(); ++row) {
            double count = 0, sum = 0, squares = 0;
            for (int64_t i = 0; i < p.samples(date); ++i) {
                const Numbers series = p.scaled(p.begin(date)[i], row % p.fields);
                if (series.empty()) continue;
                const double x = series[row / p.fields];
                ++count, sum += x, squares += x * x;
            }
            count = std::max(count, 1.0);
            const double mean = sum / count, std = std::sqrt(std::max(squares / count - mean * mean, 0.0));
            m.mean[row * p.dates + date] = float(mean);
            m.inverse_std[row * p.dates + date] = std <= 5e-7 ? 0 : float(1 / std);
        }
    return m;
}

inline Floats normalised(const Panel& p, const Moments& m, float clip, int n_threads) {
    Floats out(p.rows() * p.n());
    check(!mfgru_normalised(p.bars.data(), p.stride(), p.run(), p.steps, p.fields, p.modes.data(), p.first.data(),
                            p.n(), m.mean.data(), m.inverse_std.data(), p.dates, p.column.data(), clip, out.data(),
                            n_threads),
          "there was no memory");
    return out;
}

inline Numbers exact_normalised(const Panel& p, const Moments& m, double clip) {
    Numbers out(p.rows() * p.n());
    for (int64_t i = 0; i < p.n(); ++i)
        for (int64_t field = 0; field < p.fields; ++field) {
            const Numbers series = p.scaled(p.first[i], field);
            for (size_t t = 0; t < series.size(); ++t) {
                const int64_t row = t * p.fields + field, at = row * p.dates + p.column[i];
                out[row * p.n() + i] = std::clamp((series[t] - m.mean[at]) * m.inverse_std[at], -clip, clip);
            }
        }
    return out;
}

inline double check_windows(int64_t stocks, int64_t steps, uint8_t by, float clip) {
    const std::string name =
        "windows of " + std::to_string(steps) + " steps, " + std::to_string(stocks) + " stocks: ";
    const Panel p(stocks, steps, by);
    const Moments got(p), right = exact_moments(p, got);
    const Floats samples = normalised(p, got, clip, 1);
    const double of_mean = error(got.mean, {right.mean.begin(), right.mean.end()});
    const double of_std = error(got.inverse_std, {right.inverse_std.begin(), right.inverse_std.end()});
    const double of_samples = error(samples, exact_normalised(p, got, clip));
    check(of_mean < 2e-5, name + "means are off by " + std::to_string(of_mean));
    check(of_std < 1e-4, name + "deviations are off by " + std::to_string(of_std));
    check(of_samples < 1e-4, name + "samples are off by " + std::to_string(of_samples));
    std::vector<Floats> of_threads(3);
    std::vector<std::thread> threads;
    for (Floats& out : of_threads) threads.emplace_back([&] { out = normalised(p, Moments(p), clip, 2); });
    for (std::thread& thread : threads) thread.join();
    for (const Floats& out : of_threads) check(same(out, samples), name + "another thread's are others");
    return std::max({of_mean, of_std, of_samples});
}
