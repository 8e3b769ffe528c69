// Filters whose events arrive late: v[t] = sum over channels of s[t], s[t] = rho s[t-1] + w ((1 - f) x[t - k] + f x[t - k - 1]).
//
// Every synapse has a lag k + f of its own, so postsynaptic neurons have nothing in common that could be a vector. Samples have: lanes are
// samples here. A filter commutes with a shift, so one state p[t] = rho p[t-1] + x[t - k] per synapse gives both parts,
// s[t] = w (1 - f) p[t] + w f p[t-1], and there is none for any lag.
#pragma once
#include "filter.hpp"

namespace hetsyn {

constexpr int SPAN = 64; // steps; the input of a group of channels over so many stays in the L1 cache

// Channels that are in registers at a time, forwards and backwards.
#if defined(__x86_64__) && HETSYN_BYTES < 64
constexpr int AHEAD = 3, BACK = 2;
#else
constexpr int AHEAD = 4, BACK = 4;
#endif

// One side of a batch, [block of samples][channel][step][lane]: `before` steps of silence, then those of the sequence; one silent channel more.
template <class F> class Batch {
    static constexpr int N = Lanes<F>::N;

  public:
    int64_t T, channels, samples, blocks, rows;
    Batch(int64_t T, int64_t B, int64_t channels, int64_t before)
        : T(T), channels(channels), samples(B), blocks((B + N - 1) / N), rows(before + T), before_(before), first(blocks * (channels + 1), T),
          data_(blocks * (channels + 1) * rows * N) {}

    // The first step, and lanes, of a channel.
    F* at(int64_t block, int64_t channel) const { return data_.get() + ((block * (channels + 1) + channel) * rows + before_) * N; }
    // The first step with an event in any lane.
    int64_t first_event(int64_t block, int64_t channel) const { return first[size_t(block * (channels + 1) + channel)]; }

    // Take over some samples of a block, which is silent as yet. Returns false if a value is not finite.
    bool fill(Sequence<const F> x, int64_t block) {
        const int n = int(std::min<int64_t>(N, samples - block * N));
        int64_t* seen = &first[size_t(block * (channels + 1))];
        bool good = true;
        for (int64_t t = 0; t < T; t++)
            for (int lane = 0; lane < n; lane++) {
                const F* source = x.at(t, block * N + lane);
                for (int64_t i = 0; i < channels; i += 64)
                    for (uint64_t bits = nonzero(source + i, int(std::min<int64_t>(64, channels - i))); bits; bits &= bits - 1) {
                        const int64_t channel = i + __builtin_ctzll(bits);
                        const F value = source[channel];
                        at(block, channel)[t * N + lane] = value;
                        good &= finite(value);
                        seen[channel] = std::min(seen[channel], t);
                    }
            }
        return good;
    }

  private:
    int64_t before_;
    std::vector<int64_t> first;
    Buffer<F> data_;
};

// The synapses of a projection, [group of channels][target][channel]: what is silent has lag 0 and weight 0.
template <class F, int G> struct LateSynapses {
    int64_t channels, targets, groups;
    Buffer<F> now, later, decay; // w (1 - f), w f, rho
    std::vector<int32_t> lag;
    int64_t longest = 0;
    bool between = false; // whether any delay lies between two steps

    LateSynapses(const F* w, const F* rho, const F* delay, int64_t channels, int64_t targets, int64_t channel_stride, int64_t target_stride, int64_t T)
        : channels(channels), targets(targets), groups((channels + G - 1) / G), now(groups * targets * G), later(groups * targets * G),
          decay(groups * targets * G), lag(size_t(groups * targets * G), 0) {
        for (int64_t i = 0; i < channels; i++)
            for (int64_t j = 0; j < targets; j++) {
                const int64_t from = i * channel_stride + j * target_stride, to = ((i / G) * targets + j) * G + i % G;
                const F whole = std::min(std::floor(delay[from]), F(T)), part = delay[from] < F(T) ? delay[from] - whole : F(0);
                now[to] = w[from] * (F(1) - part);
                later[to] = w[from] * part;
                decay[to] = rho[from];
                lag[size_t(to)] = int32_t(whole);
                longest = std::max(longest, int64_t(whole));
                between |= part != F(0);
            }
    }
    int64_t place(int64_t group, int64_t target) const { return (group * targets + target) * G; }
    int32_t channel(int64_t group, int c) const { return int32_t(std::min(group * G + c, channels)); }
};

// Channels onto one target, over n steps that are `row` numbers apart in v. The state of each in and out.
template <class F, bool between>
void run_late(const F* const* x, const F* now, const F* later, const F* decay, int n, F* state, F* v, int64_t row) {
    using V = typename Lanes<F>::V;
    constexpr int N = Lanes<F>::N;
    V p[AHEAD], a[AHEAD], b[AHEAD], rho[AHEAD];
    const F* in[AHEAD];
#pragma GCC unroll 8
    for (int c = 0; c < AHEAD; c++)
        p[c] = load<V>(state + c * N), a[c] = all<V>(now[c]), b[c] = all<V>(later[c]), rho[c] = all<V>(decay[c]), in[c] = x[c];
    for (int t = 0; t < n; t++) {
        V sum = load<V>(v + t * row);
#pragma GCC unroll 8
        for (int c = 0; c < AHEAD; c++) {
            const V next = p[c] * rho[c] + load<V>(in[c] + t * N);
            sum += a[c] * next;
            if constexpr (between) sum += b[c] * p[c];
            p[c] = next;
        }
        store(v + t * row, sum);
    }
#pragma GCC unroll 8
    for (int c = 0; c < AHEAD; c++) store(state + c * N, p[c]);
}

// All channels onto the targets low .. high-1, for one block of samples.
template <class F>
void late_block(const Batch<F>& x, const LateSynapses<F, AHEAD>& synapses, int64_t block, int64_t low, int64_t high, Sequence<F> out) {
    constexpr int N = Lanes<F>::N;
    const int64_t n_targets = high - low;
    Buffer<F> v(n_targets * SPAN * N), states(synapses.groups * n_targets * AHEAD * N);
    const int n_lanes = int(std::min<int64_t>(N, x.samples - block * N));
    for (int64_t t0 = 0; t0 < x.T; t0 += SPAN) {
        const int n = int(std::min<int64_t>(SPAN, x.T - t0));
        std::memset(static_cast<void*>(v.get()), 0, sizeof(F) * size_t(n_targets * SPAN * N));
        for (int64_t group = 0; group < synapses.groups; group++) {
            const F* in[AHEAD];
            int64_t first = x.T;
            for (int c = 0; c < AHEAD; c++) {
                in[c] = x.at(block, synapses.channel(group, c)) + t0 * N;
                first = std::min(first, x.first_event(block, synapses.channel(group, c)));
            }
            if (first >= t0 + n) continue; // silent so far
            for (int64_t j = low; j < high; j++) {
                const int64_t at = synapses.place(group, j);
                const F* late[AHEAD];
                for (int c = 0; c < AHEAD; c++) late[c] = in[c] - int64_t(synapses.lag[size_t(at + c)]) * N;
                F* state = states.get() + (group * n_targets + j - low) * AHEAD * N;
                F* sums = v.get() + (j - low) * SPAN * N;
                if (synapses.between)
                    run_late<F, true>(late, &synapses.now[at], &synapses.later[at], &synapses.decay[at], n, state, sums, N);
                else
                    run_late<F, false>(late, &synapses.now[at], &synapses.later[at], &synapses.decay[at], n, state, sums, N);
            }
        }
        for (int t = 0; t < n; t++)
            for (int lane = 0; lane < n_lanes; lane++) {
                F* to = out.at(t0 + t, block * N + lane) + low;
                for (int64_t j = 0; j < n_targets; j++) to[j] = v[(j * SPAN + t) * N + lane];
            }
    }
}

// How many parts the targets of a block are cut into, so that there is work for every thread.
inline int64_t parts_of(int64_t blocks, int64_t targets, int threads) { return std::max<int64_t>(1, std::min<int64_t>(targets / 8, threads / blocks + (threads % blocks != 0))); }

template <class F> bool fill_batch(Team& team, Batch<F>& batch, Sequence<const F> x) {
    std::atomic<bool> good{true};
    team.each(batch.blocks, [&](int64_t block) {
        if (!batch.fill(x, block)) good = false;
    });
    return good;
}

template <class F>
bool late_pass(Sequence<const F> x, Sequence<F> out, const LateSynapses<F, AHEAD>& synapses, int64_t T, int64_t B, int threads) {
    Batch<F> batch(T, B, synapses.channels, synapses.longest);
    std::atomic<bool> good{true};
    Team team(useful_threads(threads, double(T) * B * synapses.channels * synapses.targets));
    const int64_t n = parts_of(batch.blocks, synapses.targets, threads);
    team.run([&] {
        if (!fill_batch(team, batch, x)) good = false;
        team.each(batch.blocks * n, [&](int64_t task) {
            const int64_t part = task % n;
            late_block(batch, synapses, task / n, part * synapses.targets / n, (part + 1) * synapses.targets / n, out);
        });
    });
    return good;
}

} // namespace hetsyn
