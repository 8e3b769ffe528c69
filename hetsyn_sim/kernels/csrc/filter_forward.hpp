// v[t, b, j] = sum over i of I[t], I[t] = rho I[t-1] + w x[t]. The states of a group of channels stay in registers.
#pragma once

#include "events.hpp"

namespace hetsyn {

// v += the states of the group, step by step; the states decay. state is what the step to come will see.
template <typename T>
inline void run_group(T* v, long n, vec<T> (&state)[GROUP][VECTORS], const vec<T> (&rho)[GROUP][VECTORS]) {
    constexpr int L = Vec<T>::lanes;
    for (long t = 0; t < n; ++t, v += BLOCK<T>)
        for (int k = 0; k < VECTORS; ++k) {
            vec<T> sum = state[0][k];
            for (int c = 1; c < GROUP; ++c) sum += state[c][k];
            store(v + k * L, load(v + k * L) + sum);
            for (int c = 0; c < GROUP; ++c) state[c][k] *= rho[c][k];
        }
}

struct FilterShape {
    long n_steps, n_batch, n_pre, n_post;
};

// Sparse input: only events touch a state; channels that are silent and steps before a channel's first event cost nothing.
template <typename T>
bool filter_events(const std::vector<Slice<T>>& slices, const Blocks<T>& w, const Blocks<T>& rho, T* v, FilterShape s, int n_threads) {
    constexpr int L = Vec<T>::lanes;
    constexpr long W = BLOCK<T>;
    const long n_slices = ceil_div(s.n_pre, SLICE);
    const Window<T> window{s.n_batch, s.n_post};
    return parallel_for(s.n_batch * w.n_blocks, n_threads, [&](long task) {
        const long b = task / w.n_blocks, block = task % w.n_blocks;
        const Slice<T>* mine = slices.data() + b * n_slices;
        struct Progress {
            long next;
            vec<T> state[GROUP][VECTORS];
        };
        std::vector<std::vector<Progress>> progress{size_t(n_slices)};
        for (long k = 0; k < n_slices; ++k)
            for (const auto& group : mine[k].groups) progress[size_t(k)].push_back({group.begin, {}});
        alignas(64) T rows[CHUNK * W];
        for (long from = 0; from < s.n_steps; from += CHUNK) {
            const long end = std::min<long>(from + CHUNK, s.n_steps);
            std::fill(rows, rows + (end - from) * W, T(0));
            for (long k = 0; k < n_slices; ++k)
                for (size_t g = 0; g < mine[k].groups.size(); ++g) {
                    const auto& group = mine[k].groups[g];
                    const Event<T>* events = mine[k].events.data();
                    if (events[group.begin].step >= end) break;  // the groups after it begin later still
                    auto& [next, kept] = progress[size_t(k)][g];
                    vec<T> state[GROUP][VECTORS], decay[GROUP][VECTORS];
                    for (int c = 0; c < GROUP; ++c)
                        for (int p = 0; p < VECTORS; ++p) {
                            state[c][p] = kept[c][p];
                            decay[c][p] = group.channel[c] < 0 ? vec<T>{} : load(rho.at(block, group.channel[c]) + p * L);
                        }
                    long t = std::max<long>(from, events[group.begin].step);
                    while (t < end) {
                        for (; next < group.end && events[next].step == t; ++next) {
                            const T* weights = w.at(block, group.channel[events[next].lane]);
                            const int lane = events[next].lane;
                            for (int p = 0; p < VECTORS; ++p) {
                                const vec<T> jump = load(weights + p * L) * events[next].value;
                                for (int c = 0; c < GROUP; ++c)  // a constant index keeps the states in registers
                                    state[c][p] += c == lane ? jump : vec<T>{};
                            }
                        }
                        const long until = next < group.end ? std::min<long>(end, events[next].step) : end;
                        run_group<T>(rows + (t - from) * W, until - t, state, decay);
                        t = until;
                    }
                    for (int c = 0; c < GROUP; ++c)
                        for (int p = 0; p < VECTORS; ++p) kept[c][p] = state[c][p];
                }
            window.write(v, from, end - from, b, block, rows);
        }
    });
}

// Busy or analogue input: every channel in every step.
template <typename T>
bool filter_dense(const T* x, const Blocks<T>& w, const Blocks<T>& rho, T* v, FilterShape s, int n_threads) {
    constexpr int L = Vec<T>::lanes, LINE = 64 / sizeof(T);
    constexpr long W = BLOCK<T>;
    const Window<T> window{s.n_batch, s.n_post};
    return parallel_for(s.n_batch * w.n_blocks, n_threads, [&](long task) {
        const long b = task / w.n_blocks, block = task % w.n_blocks;
        std::vector<T> states(size_t(s.n_pre * W), T(0));
        std::vector<T> input(size_t(CHUNK * LINE));
        alignas(64) T rows[CHUNK * W];
        for (long from = 0; from < s.n_steps; from += CHUNK) {
            const long n = std::min<long>(CHUNK, s.n_steps - from);
            std::fill(rows, rows + n * W, T(0));
            for (long line = 0; line < s.n_pre; line += LINE) {
                const long width = std::min<long>(LINE, s.n_pre - line);
                for (long t = 0; t < n; ++t) {
                    const T* row = x + ((from + t) * s.n_batch + b) * s.n_pre + line;
                    for (long i = 0; i < width; ++i) input[size_t(t * LINE + i)] = row[i];
                }
                for (long first = 0; first < width; first += GROUP) {
                    const int n_channels = int(std::min<long>(GROUP, width - first));
                    vec<T> state[GROUP][VECTORS], decay[GROUP][VECTORS], weight[GROUP][VECTORS];
                    for (int c = 0; c < GROUP; ++c)
                        for (int p = 0; p < VECTORS; ++p) {
                            const long i = line + first + std::min(c, n_channels - 1);
                            state[c][p] = load(states.data() + i * W + p * L);
                            decay[c][p] = load(rho.at(block, i) + p * L);
                            weight[c][p] = load(w.at(block, i) + p * L);
                            if (c >= n_channels) state[c][p] = weight[c][p] = vec<T>{};
                        }
                    for (long t = 0; t < n; ++t) {
                        const T* in = input.data() + t * LINE + first;
                        for (int p = 0; p < VECTORS; ++p) {
                            vec<T> sum = load(rows + t * W + p * L);
                            for (int c = 0; c < GROUP; ++c) {
                                state[c][p] = state[c][p] * decay[c][p] + weight[c][p] * in[c];
                                sum += state[c][p];
                            }
                            store(rows + t * W + p * L, sum);
                        }
                    }
                    for (int c = 0; c < n_channels; ++c)
                        for (int p = 0; p < VECTORS; ++p) store(states.data() + (line + first + c) * W + p * L, state[c][p]);
                }
            }
            window.write(v, from, n, b, block, rows);
        }
    });
}

}  // namespace hetsyn
