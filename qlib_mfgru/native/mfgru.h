// What a build offers: a plain C interface. native/__init__.py repeats the types for ctypes.
//
// Arrays are float32 and contiguous, samples innermost. Functions that return an int return 0, or 1 where memory ran
// out. `kept` lies on a multiple of 64 bytes, as torch's memory does.
#pragma once

#include <cstdint>

// Attention over the states, see attention.h, as ctypes hands it over: w (width, hidden), b and v (width); what forward
// gives, attended (hidden, n) and softmax (2, n); for backward the gradient of `attended` and where to put the others.
struct mfgru_attention {
    const float *w, *b, *v;
    int64_t width;
    float *attended, *softmax;
    const float* d_attended;
    float *d_w, *d_b, *d_v;
};
static_assert(sizeof(mfgru_attention) == 10 * 8, "ctypes lays out ten numbers of 8 bytes");

extern "C" {

// Number of the sources that the build was made of, see recipe.py: the package takes no build of others.
uint64_t mfgru_abi();

// Whether this processor has all instructions of the build.
int mfgru_runs();

// Do `rounds` rounds of independent products; operations on numbers that these are, and a sum of them at `out`.
int64_t mfgru_peak(int64_t rounds, float* out);

// Floats that `forward` keeps for `backward`.
int64_t mfgru_kept(int64_t steps, int64_t fields, int64_t hidden, int64_t n);

// `kept` is null where no backward will follow, `attention` where there is none.
int mfgru_forward(const float* window, const float* w, const float* u, const float* b, const float* c, float* states,
                  float* kept, int64_t steps, int64_t fields, int64_t hidden, int64_t n, int all_states, int threads,
                  const mfgru_attention* attention);

// Gradients of everything from that of the states; `d_window` is null where it is not wanted.
int mfgru_backward(const float* window, const float* w, const float* u, const float* b, const float* c,
                   const float* grad, const float* kept, float* d_w, float* d_u, float* d_b, float* d_c,
                   float* d_window, int64_t steps, int64_t fields, int64_t hidden, int64_t n, int all_states,
                   int threads, const mfgru_attention* attention);

// What the series of a field are divided by, one byte a field: their own mean, their last value, or nothing. MFGRU_LATE
// is added where a series may have no value yet: if a window begins with NaN, it is missing.
enum mfgru_mode : uint8_t { MFGRU_MEAN = 0, MFGRU_LAST = 1, MFGRU_NONE = 2, MFGRU_LATE = 4 };

// Mean and inverse standard deviation, (rows,), of the scaled windows of n samples, which begin at bars + first[i]: a
// day's `run` values, (bars, fields), lie together, those of the next day `stride` further.
int mfgru_statistics(const float* bars, int64_t stride, int64_t run, int64_t steps, int64_t fields,
                     const uint8_t* modes, const int64_t* first, int64_t n, float* mean, float* inverse_std);

// Normalised windows of n samples, (rows, n) at `out`; sample i is standardised by column column[i] of the statistics,
// (rows, dates).
int mfgru_normalised(const float* bars, int64_t stride, int64_t run, int64_t steps, int64_t fields,
                     const uint8_t* modes, const int64_t* first, int64_t n, const float* mean,
                     const float* inverse_std, int64_t dates, const int64_t* column, float clip, float* out,
                     int threads);
}
