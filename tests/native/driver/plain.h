// What the recurrence is, one number after the other in double: the formulas of gru.cpp and attention.h.
#pragma once

#include "check.h"

struct Sizes {
    int64_t steps, fields, hidden, n;
    int64_t width;  // of attention; 0 without

    std::string name() const {
        return "steps " + std::to_string(steps) + ", fields " + std::to_string(fields) + ", hidden " +
            std::to_string(hidden) + ", n " + std::to_string(n) + ", attention " + std::to_string(width);
    }
};

// Inputs as the kernels take them.
struct Inputs {
    Floats window, w, u, b, c, attention_w, attention_b, attention_v;
};

inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// The recurrence of sample i, step by step.
struct Sample {
    const Sizes& s;
    const Inputs& in;
    int64_t i;
    Numbers h, r, z, g, q;            // (steps + 1, hidden), and (steps, hidden): r, z, n and s of gru.cpp
    Numbers inner, weight, attended;  // (steps, width), (steps), (hidden)

    Sample(const Sizes& s, const Inputs& in, int64_t i)
        : s(s), in(in), i(i), h((s.steps + 1) * s.hidden), inner(s.steps * s.width), weight(s.steps),
          attended(s.hidden) {
        for (Numbers* gate : {&r, &z, &g, &q}) gate->resize(s.steps * s.hidden);
        for (int64_t t = 0; t < s.steps; ++t)
            for (int64_t j = 0; j < s.hidden; ++j) step(t, j);
        if (s.width) attend();
    }

    const double* state(int64_t t) const { return &h[(t + 1) * s.hidden]; }  // after step t
    double x(int64_t t, int64_t k) const { return in.window[(t * s.fields + k) * s.n + i]; }

    void step(int64_t t, int64_t j) {
        double from_x[3], from_h[3];
        for (int64_t gate = 0; gate < 3; ++gate) {
            const int64_t row = gate * s.hidden + j;
            from_x[gate] = in.b[row];
            from_h[gate] = in.c[row];
            for (int64_t k = 0; k < s.fields; ++k) from_x[gate] += double(in.w[row * s.fields + k]) * x(t, k);
            for (int64_t k = 0; k < s.hidden; ++k) from_h[gate] += in.u[row * s.hidden + k] * h[t * s.hidden + k];
        }
        const int64_t at = t * s.hidden + j;
        r[at] = sigmoid(from_x[0] + from_h[0]);
        z[at] = sigmoid(from_x[1] + from_h[1]);
        q[at] = from_h[2];
        g[at] = std::tanh(from_x[2] + r[at] * q[at]);
        h[at + s.hidden] = g[at] + z[at] * (h[at] - g[at]);
    }

    void attend() {
        for (int64_t t = 0; t < s.steps; ++t)
            for (int64_t a = 0; a < s.width; ++a) {
                double sum = in.attention_b[a];
                for (int64_t k = 0; k < s.hidden; ++k) sum += in.attention_w[a * s.hidden + k] * state(t)[k];
                inner[t * s.width + a] = std::tanh(sum);
                weight[t] += in.attention_v[a] * inner[t * s.width + a];
            }
        const double highest = *std::max_element(weight.begin(), weight.end());
        double total = 0;
        for (double& each : weight) total += each = std::exp(each - highest);
        for (double& each : weight) each /= total;
        for (int64_t t = 0; t < s.steps; ++t)
            for (int64_t k = 0; k < s.hidden; ++k) attended[k] += weight[t] * state(t)[k];
    }
};

// Gradients of everything, summed over the samples added.
struct Gradients {
    Numbers w, u, b, c, window, attention_w, attention_b, attention_v;

    explicit Gradients(const Sizes& s)
        : w(3 * s.hidden * s.fields), u(3 * s.hidden * s.hidden), b(3 * s.hidden), c(3 * s.hidden),
          window(s.steps * s.fields * s.n), attention_w(s.width * s.hidden), attention_b(s.width),
          attention_v(s.width) {}

    // Add a sample's, from those of its states, `d_h` (steps, hidden), and of what attention gives, (hidden).
    void add(const Sample& sample, Numbers d_h, const Numbers& d_attended) {
        if (sample.s.width) add_attention(sample, d_h, d_attended);
        for (int64_t t = sample.s.steps - 1; t >= 0; --t) add_step(sample, t, d_h);
    }

  private:
    void add_attention(const Sample& f, Numbers& d_h, const Numbers& d_attended) {
        const Sizes& s = f.s;
        double along = 0;
        for (int64_t k = 0; k < s.hidden; ++k) along += d_attended[k] * f.attended[k];
        for (int64_t t = 0; t < s.steps; ++t) {
            const double* h = f.state(t);
            double d_score = -along;
            for (int64_t k = 0; k < s.hidden; ++k) d_score += d_attended[k] * h[k];
            d_score *= f.weight[t];
            for (int64_t k = 0; k < s.hidden; ++k) d_h[t * s.hidden + k] += f.weight[t] * d_attended[k];
            for (int64_t a = 0; a < s.width; ++a) {
                const double inner = f.inner[t * s.width + a];
                const double d = d_score * f.in.attention_v[a] * (1 - inner * inner);
                attention_v[a] += d_score * inner;
                attention_b[a] += d;
                for (int64_t k = 0; k < s.hidden; ++k) {
                    attention_w[a * s.hidden + k] += d * h[k];
                    d_h[t * s.hidden + k] += d * f.in.attention_w[a * s.hidden + k];
                }
            }
        }
    }

    void add_step(const Sample& f, int64_t t, Numbers& d_h) {
        const Sizes& s = f.s;
        const double* before = &f.h[t * s.hidden];
        Numbers carried(s.hidden);
        for (int64_t j = 0; j < s.hidden; ++j) {
            const int64_t at = t * s.hidden + j;
            const double d = d_h[at], r = f.r[at], z = f.z[at], g = f.g[at];
            const double d_n = d * (1 - z) * (1 - g * g);
            const double entered[3] = {d_n * f.q[at] * r * (1 - r), d * (before[j] - g) * z * (1 - z), d_n};
            carried[j] += d * z;
            for (int64_t gate = 0; gate < 3; ++gate) {
                const int64_t row = gate * s.hidden + j;
                const double from_x = entered[gate], from_h = gate == 2 ? d_n * r : from_x;
                b[row] += from_x;
                c[row] += from_h;
                for (int64_t k = 0; k < s.fields; ++k) {
                    w[row * s.fields + k] += from_x * f.x(t, k);
                    window[(t * s.fields + k) * s.n + f.i] += from_x * f.in.w[row * s.fields + k];
                }
                for (int64_t k = 0; k < s.hidden; ++k) {
                    u[row * s.hidden + k] += from_h * before[k];
                    carried[k] += from_h * f.in.u[row * s.hidden + k];
                }
            }
        }
        if (t) for (int64_t k = 0; k < s.hidden; ++k) d_h[(t - 1) * s.hidden + k] += carried[k];
    }
};
