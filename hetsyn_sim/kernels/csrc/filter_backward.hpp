// The adjoint of the filter. With g = dL/dv, A[t] = rho A[t+1] + g[t] and D[t] = rho D[t+1] + A[t+1] = dA[t]/drho:
//     dL/dw = sum of x[t] A[t],   dL/drho = w times the sum of x[t] D[t],   dL/dx[t] = sum over j of w A[t].
// The sums over t and batch run over events, in a fixed order: what the number of threads changes is who adds, not what is added when.
#pragma once

#include "filter_forward.hpp"

namespace hetsyn {

template <typename T>
struct Adjoint {
    vec<T> a[GROUP][VECTORS], d[GROUP][VECTORS];
};

// One step back in time of a group of channels.
template <typename T>
inline void step_back(Adjoint<T>& adjoint, const vec<T> (&rho)[GROUP][VECTORS], const T* g) {
    for (int p = 0; p < VECTORS; ++p) {
        const vec<T> now = load(g + p * Vec<T>::lanes);
        for (int c = 0; c < GROUP; ++c) {
            adjoint.d[c][p] = adjoint.d[c][p] * rho[c][p] + adjoint.a[c][p];
            adjoint.a[c][p] = adjoint.a[c][p] * rho[c][p] + now;
        }
    }
}

// (post, pre) from rows of BLOCK neurons by channel.
template <typename T>
inline void add_transposed(T* out, const T* rows, long block, long first, long n, long n_pre, long n_post) {
    const long width = std::min<long>(BLOCK<T>, n_post - block * BLOCK<T>);
    for (long j = 0; j < width; ++j)
        for (long i = 0; i < n; ++i) out[(block * BLOCK<T> + j) * n_pre + first + i] = rows[i * BLOCK<T> + j];
}

// dL/dw and dL/drho of sparse input.
template <typename T>
bool gradients_events(
    const std::vector<Slice<T>>& slices, const T* g, const Blocks<T>& w, const Blocks<T>& rho, T* dw, T* drho, FilterShape s, int n_threads) {
    constexpr int L = Vec<T>::lanes;
    constexpr long W = BLOCK<T>;
    const long n_slices = ceil_div(s.n_pre, SLICE);
    const Window<T> window{s.n_batch, s.n_post};
    return parallel_for(w.n_blocks * n_slices, n_threads, [&](long task) {
        const long block = task / n_slices, slice = task % n_slices, first = slice * SLICE, n = std::min<long>(SLICE, s.n_pre - first);
        alignas(64) T rows[CHUNK * W], sum_w[SLICE * W] = {}, sum_rho[SLICE * W] = {};
        for (long b = 0; b < s.n_batch; ++b) {
            const Slice<T>& mine = slices[size_t(b * n_slices + slice)];
            const Event<T>* events = mine.events.data();
            struct Progress {
                long next;  // one past the event that comes next, going back
                Adjoint<T> adjoint;
            };
            std::vector<Progress> progress;
            for (const auto& group : mine.groups) progress.push_back({group.end, {}});
            for (long from = (s.n_steps - 1) / CHUNK * CHUNK; from >= 0 && !mine.groups.empty(); from -= CHUNK) {
                const long end = std::min<long>(from + CHUNK, s.n_steps);
                if (events[mine.groups[0].begin].step >= end) break;
                window.read(g, from, end - from, b, block, rows);
                for (size_t k = 0; k < mine.groups.size(); ++k) {
                    const auto& group = mine.groups[k];
                    const long stop = std::max<long>(from, events[group.begin].step);  // nothing before the first event matters
                    if (stop >= end) break;
                    auto& [next, kept] = progress[k];
                    vec<T> decay[GROUP][VECTORS];
                    Adjoint<T> adjoint = kept;
                    for (int c = 0; c < GROUP; ++c)
                        for (int p = 0; p < VECTORS; ++p)
                            decay[c][p] = group.channel[c] < 0 ? vec<T>{} : load(rho.at(block, group.channel[c]) + p * L);
                    long t = end;
                    while (t > stop) {
                        const long until = next > group.begin ? std::max<long>(stop, events[next - 1].step) : stop;
                        while (t > until) step_back<T>(adjoint, decay, rows + (--t - from) * W);
                        for (; next > group.begin && events[next - 1].step == t; --next) {
                            const Event<T>& event = events[next - 1];
                            for (int c = 0; c < GROUP; ++c) {
                                if (c != event.lane) continue;
                                T* to_w = sum_w + (group.channel[c] - first) * W;
                                T* to_rho = sum_rho + (group.channel[c] - first) * W;
                                for (int p = 0; p < VECTORS; ++p) {
                                    store(to_w + p * L, load(to_w + p * L) + adjoint.a[c][p] * event.value);
                                    store(to_rho + p * L, load(to_rho + p * L) + adjoint.d[c][p] * event.value);
                                }
                            }
                        }
                    }
                    kept = adjoint;
                }
            }
        }
        for (long i = 0; i < n; ++i)
            for (long k = 0; k < W; ++k) sum_rho[i * W + k] *= w.at(block, first + i)[k];
        add_transposed<T>(dw, sum_w, block, first, n, s.n_pre, s.n_post);
        add_transposed<T>(drho, sum_rho, block, first, n, s.n_pre, s.n_post);
    });
}

// dL/dw and dL/drho of busy input: the sums of a chunk stay in registers too, so a group has one vector.
template <typename T>
bool gradients_dense(
    const T* x, const T* g, const Blocks<T>& w, const Blocks<T>& rho, T* dw, T* drho, FilterShape s, int n_threads) {
    constexpr int L = Vec<T>::lanes, LINE = 64 / sizeof(T);
    constexpr long W = BLOCK<T>;
    const long n_lines = ceil_div(s.n_pre, LINE);
    const Window<T> window{s.n_batch, s.n_post};
    return parallel_for(w.n_blocks * n_lines, n_threads, [&](long task) {
        const long block = task / n_lines, first = task % n_lines * LINE, width = std::min<long>(LINE, s.n_pre - first);
        alignas(64) T rows[CHUNK * W], sum_w[LINE * W] = {}, sum_rho[LINE * W] = {}, a[LINE * W], d[LINE * W];
        std::vector<T> input(size_t(CHUNK * LINE), T(0));
        for (long b = 0; b < s.n_batch; ++b) {
            std::fill(a, a + LINE * W, T(0));
            std::fill(d, d + LINE * W, T(0));
            for (long from = (s.n_steps - 1) / CHUNK * CHUNK; from >= 0; from -= CHUNK) {
                const long n = std::min<long>(CHUNK, s.n_steps - from);
                window.read(g, from, n, b, block, rows);
                for (long t = 0; t < n; ++t)
                    for (long i = 0; i < width; ++i) input[size_t(t * LINE + i)] = x[((from + t) * s.n_batch + b) * s.n_pre + first + i];
                for (long begin = 0; begin < width; begin += GROUP)
                    for (int p = 0; p < VECTORS; ++p) {
                        vec<T> now_a[GROUP], now_d[GROUP], decay[GROUP], part_w[GROUP] = {}, part_rho[GROUP] = {};
                        const int n_channels = int(std::min<long>(GROUP, width - begin));
                        for (int c = 0; c < GROUP; ++c) {
                            const long i = begin + std::min(c, n_channels - 1);  // the missing ones repeat the last and are not kept
                            now_a[c] = load(a + i * W + p * L);
                            now_d[c] = load(d + i * W + p * L);
                            decay[c] = load(rho.at(block, first + i) + p * L);
                        }
                        for (long t = n - 1; t >= 0; --t) {
                            const vec<T> now = load(rows + t * W + p * L);
                            const T* in = input.data() + t * LINE + begin;
                            for (int c = 0; c < GROUP; ++c) {
                                now_d[c] = now_d[c] * decay[c] + now_a[c];
                                now_a[c] = now_a[c] * decay[c] + now;
                                part_w[c] += now_a[c] * in[c];
                                part_rho[c] += now_d[c] * in[c];
                            }
                        }
                        for (int c = 0; c < n_channels; ++c) {
                            const long at = (begin + c) * W + p * L;
                            store(a + at, now_a[c]);
                            store(d + at, now_d[c]);
                            store(sum_w + at, load(sum_w + at) + part_w[c]);
                            store(sum_rho + at, load(sum_rho + at) + part_rho[c]);
                        }
                    }
            }
        }
        for (long i = 0; i < width; ++i)
            for (long k = 0; k < W; ++k) sum_rho[i * W + k] *= w.at(block, first + i)[k];
        add_transposed<T>(dw, sum_w, block, first, width, s.n_pre, s.n_post);
        add_transposed<T>(drho, sum_rho, block, first, width, s.n_pre, s.n_post);
    });
}

// dL/dx. w and rho here are blocks of channels by neuron: what is stepped side by side are channels.
template <typename T>
bool gradient_of_input(const T* g, const Blocks<T>& w, const Blocks<T>& rho, T* dx, FilterShape s, int n_threads) {
    constexpr int L = Vec<T>::lanes, LINE = 64 / sizeof(T);
    constexpr long W = BLOCK<T>;
    const Window<T> window{s.n_batch, s.n_pre};
    return parallel_for(s.n_batch * w.n_blocks, n_threads, [&](long task) {
        const long b = task / w.n_blocks, block = task % w.n_blocks;
        std::vector<T> adjoints(size_t(s.n_post * W), T(0));
        std::vector<T> input(size_t(CHUNK * LINE), T(0));
        alignas(64) T rows[CHUNK * W];
        for (long from = (s.n_steps - 1) / CHUNK * CHUNK; from >= 0; from -= CHUNK) {
            const long n = std::min<long>(CHUNK, s.n_steps - from);
            std::fill(rows, rows + n * W, T(0));
            for (long line = 0; line < s.n_post; line += LINE) {
                const long width = std::min<long>(LINE, s.n_post - line);
                for (long t = 0; t < n; ++t)
                    for (long j = 0; j < width; ++j) input[size_t(t * LINE + j)] = g[((from + t) * s.n_batch + b) * s.n_post + line + j];
                for (long first = 0; first < width; first += GROUP) {
                    const int n_neurons = int(std::min<long>(GROUP, width - first));
                    vec<T> a[GROUP][VECTORS], decay[GROUP][VECTORS], weight[GROUP][VECTORS];
                    for (int c = 0; c < GROUP; ++c)
                        for (int p = 0; p < VECTORS; ++p) {
                            const long j = line + first + std::min(c, n_neurons - 1);
                            a[c][p] = load(adjoints.data() + j * W + p * L);
                            decay[c][p] = load(rho.at(block, j) + p * L);
                            weight[c][p] = c < n_neurons ? load(w.at(block, j) + p * L) : vec<T>{};
                        }
                    for (long t = n - 1; t >= 0; --t) {
                        const T* now = input.data() + t * LINE + first;
                        for (int p = 0; p < VECTORS; ++p) {
                            vec<T> sum = load(rows + t * W + p * L);
                            for (int c = 0; c < GROUP; ++c) {
                                a[c][p] = a[c][p] * decay[c][p] + now[c];
                                sum += a[c][p] * weight[c][p];
                            }
                            store(rows + t * W + p * L, sum);
                        }
                    }
                    for (int c = 0; c < n_neurons; ++c)
                        for (int p = 0; p < VECTORS; ++p) store(adjoints.data() + (line + first + c) * W + p * L, a[c][p]);
                }
            }
            window.write(dx, from, n, b, block, rows);
        }
    });
}

}  // namespace hetsyn
