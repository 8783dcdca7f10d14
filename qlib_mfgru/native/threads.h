// Work on tiles by several threads.
#pragma once

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

namespace {

// Denormal numbers count as 0 as long as it lives, whatever the caller's setting: for workspaces of the recurrence, whose
// gradients fade below them over 320 steps.
struct FlushDenormals {
#ifdef __x86_64__
    static uint64_t get() { return _mm_getcsr(); }
    static void set(uint64_t control) { _mm_setcsr(unsigned(control)); }
    static constexpr uint64_t FLUSH = 0x8040;  // results, and operands
#else
    static uint64_t get() {
        uint64_t control;
        asm volatile("mrs %0, fpcr" : "=r"(control));
        return control;
    }
    static void set(uint64_t control) { asm volatile("msr fpcr, %0" : : "r"(control) : "memory"); }
    static constexpr uint64_t FLUSH = 1 << 24;  // both
#endif
    const uint64_t before = get();
    FlushDenormals() { set(before | FLUSH); }
    ~FlushDenormals() { set(before); }
};

// Calls work(tile, a thread's own workspace()) for every tile. Threads take the next free tile, so that a core that is
// busy with something else delays only the tiles it has; they meet once, at the end.
template <typename Make, typename Work>
void for_each_tile(int64_t tiles, int threads, const Make& workspace, const Work& work) {
    std::atomic<int64_t> next{0};
    std::atomic<bool> failed{false};
    auto run = [&] {
        try {
            auto space = workspace();
            for (int64_t tile; !failed && (tile = next++) < tiles;) work(tile, space);
        } catch (const std::bad_alloc&) {
            failed = true;
        }
    };
    std::vector<std::thread> others;
    try {
        for (int64_t i = 1; i < std::min<int64_t>(threads, tiles); ++i) others.emplace_back(run);
    } catch (const std::system_error&) {  // no more threads to be had: those there are do the work
    }
    run();
    for (auto& other : others) other.join();
    if (failed) throw std::bad_alloc();
}

}  // namespace
