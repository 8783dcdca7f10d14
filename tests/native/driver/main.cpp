// Runs the kernels without Python, for sanitizers and for other processors: at odd sizes, on memory of just the size
// that each array has, against plain formulas in double, and to the bit the same on any number of threads.

#include "recurrence.h"
#include "windows.h"

static void keep(double& largest, double error) { largest = std::max(largest, error); }

int main() {
    double recurrence = 0, windows = 0;
    const Sizes with_attention[] = {{1, 1, 1, 1, 1},   {1, 6, 30, 7, 15}, {2, 5, 3, 81, 1},   {27, 6, 30, 163, 15},
                                    {40, 6, 4, 33, 2}, {9, 1, 17, 64, 9}, {5, 11, 64, 5, 32}, {3, 2, 2, 0, 1},
                                    {3, 2, 5, 435, 3}};
    for (const Sizes& s : with_attention)
        for (int64_t width : {int64_t(0), s.width})
            for (bool all_states : {false, true})
                keep(recurrence, check_recurrence({s.steps, s.fields, s.hidden, s.n, width}, all_states));
    check_neighbours(NAN);
    check_neighbours(1e30f);
    for (int64_t stocks : {0, 1, 5, 64, 131})
        for (int64_t steps : {1, 7, 40})
            for (uint8_t by : {MFGRU_MEAN, MFGRU_LAST})
                for (float clip : {float(INFINITY), 1.5f})
                    keep(windows, check_windows(stocks, steps, by, clip));
    check(keeps_denormals(), "the caller's denormals are gone");
    std::printf("%d checks, %d failed; largest error of the recurrence %.1e, of windows %.1e\n", checks.load(),
                failures.load(), recurrence, windows);
    return failures != 0;
}
