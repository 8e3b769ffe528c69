// Filters whose events arrive late, where all events have one value, as spikes do, and the instruction set has masks.
//
// Lanes are postsynaptic neurons, as without delays, each with a lag of its own. A channel has a word of bits for every step, one for each
// lane that an event arrives at; an event sets those of all lanes at once, by one `or` of the table of the block's lags. A step then costs
// what it costs without delays, and additions under a mask, which run beside the multiplications. With what is known of a synapse,
// p[t] = rho p[t-1] + x[t-k], its part of v is (rho (1 - f) + f) w p[t-1] + (1 - f) w x[t-k], and its gradients are sums over events of
//
//     g[t], A[t+1], D[t+1] at t = s + k,   A[t] = rho A[t+1] + g[t],   D[t] = rho D[t+1] + A[t+1].
#pragma once
#include "late.hpp"
#include "spikes.hpp"

#if defined(__AVX512F__)
namespace hetsyn {

using Bits = uint16_t;       // a lane each
constexpr int64_t WORDS = 32; // in a vector
constexpr int AHEAD_OF_EVENTS = 6, BACK_FROM_EVENTS = 4; // channels in registers at a time, whole parts of a bunch

inline vf32 add_where(Bits lanes, vf32 sum, vf32 value) { return vf32(_mm512_mask_add_ps(__m512(sum), lanes, __m512(sum), __m512(value))); }
inline vf64 add_where(Bits lanes, vf64 sum, vf64 value) {
    return vf64(_mm512_mask_add_pd(__m512d(sum), __mmask8(lanes), __m512d(sum), __m512d(value)));
}

// The synapses of all channels onto the neurons of one block, [channel][lane], and one silent channel more.
template <class F> struct LateBlock {
    static constexpr int N = Lanes<F>::N;
    int64_t channels, span;
    Buffer<F> decay, now, before; // rho; of an event in its step of arrival, and of p in the steps after it
    Buffer<Bits> lags;            // [channel][lag]: the lanes that have it; `span` words
    bool between = false;         // whether any delay lies between two steps

    LateBlock(const F* w, const F* rho, const F* delay, int64_t channels, int64_t block, int64_t n_post, F value, int64_t T, int64_t longest)
        : channels(channels), span((longest + WORDS) / WORDS * WORDS), decay((channels + 1) * N), now((channels + 1) * N),
          before((channels + 1) * N), lags((channels + 1) * span) {
        for (int64_t first = 0; first < channels; first += 16) // a tile at a time, for the cache's sake
            for (int64_t lane = 0; lane < N; lane++)
                for (int64_t i = first; i < std::min(first + 16, channels); i++) {
                    const int64_t from = (block * N + lane) * channels + i, to = i * N + lane;
                    if (block * N + lane >= n_post) continue;
                    decay[to] = rho[from];
                    if (delay[from] >= F(T)) continue; // nothing arrives
                    const F whole = std::floor(delay[from]), part = delay[from] - whole, weight = w[from] * value;
                    now[to] = weight * (F(1) - part);
                    before[to] = weight * (rho[from] * (F(1) - part) + part);
                    Bits& lanes = lags[i * span + int64_t(whole)];
                    lanes = Bits(lanes | 1 << lane);
                    between |= part != F(0);
                }
    }
};

// The lanes that get an event of each channel of a bunch.
template <class F> class ArrivalBits {
  public:
    ArrivalBits(int64_t T, const LateBlock<F>& block)
        : block_(block), row_((T + block.span + WORDS - 1) / WORDS * WORDS), words_(BUNCH * row_) {}

    void find(const typename Spikes<F>::Part& part, size_t bunch) {
        std::memset(static_cast<void*>(words_.get()), 0, sizeof(Bits) * size_t(BUNCH * row_));
        // in the order of time: no vector is read right after another was written across it, for which the processor would have to wait
        for (size_t k = part.begin[bunch]; k < part.begin[bunch + 1]; k++) {
            const auto& event = part.events[k];
            const Bits* lags = block_.lags.get() + event.channel * block_.span;
            Bits* words = words_.get() + event.place * row_ + event.step;
            for (int64_t lag = 0; lag < block_.span; lag += WORDS) store(words + lag, load<vi32>(words + lag) | load<vi32>(lags + lag));
        }
    }
    const Bits* at(int place) const { return words_.get() + place * row_; }

  private:
    const LateBlock<F>& block_;
    int64_t row_;
    Buffer<Bits> words_;
};

// What a run over some channels is given: the first of them has the first event.
template <class F, int n> struct Channels {
    int32_t channel[n];
    const Bits* arriving[n];
    int64_t start;

    Channels(const typename Spikes<F>::Part& part, size_t first, const ArrivalBits<F>& bits, int32_t silent) : start(part.start[first]) {
        for (size_t c = 0; c < n; c++) {
            channel[c] = first + c < part.channel.size() ? part.channel[first + c] : silent;
            arriving[c] = bits.at(int((first + c) % BUNCH));
        }
    }
};

template <class F, bool between> void run_events(const Channels<F, AHEAD_OF_EVENTS>& channels, const LateBlock<F>& block, int64_t T, F* v) {
    using V = typename Lanes<F>::V;
    constexpr int N = Lanes<F>::N, n = AHEAD_OF_EVENTS;
    V p[n], rho[n], now[n], before[n];
    const Bits* arriving[n];
    const V one = all<V>(F(1));
#pragma GCC unroll 8
    for (int c = 0; c < n; c++) {
        const int64_t at = int64_t(channels.channel[c]) * N;
        p[c] = V{}, rho[c] = load<V>(&block.decay[at]), now[c] = load<V>(&block.now[at]), before[c] = load<V>(&block.before[at]);
        arriving[c] = channels.arriving[c];
    }
    for (int64_t t = channels.start; t < T; t++) {
        V sum = load<V>(v + t * N);
#pragma GCC unroll 8
        for (int c = 0; c < n; c++) {
            const Bits lanes = arriving[c][t];
            if constexpr (between) {
                sum = add_where(lanes, sum + before[c] * p[c], now[c]);
                p[c] = add_where(lanes, p[c] * rho[c], one);
            } else { // p with its weight
                p[c] = add_where(lanes, p[c] * rho[c], now[c]);
                sum += p[c];
            }
        }
        store(v + t * N, sum);
    }
}

// Adds to three sums for each synapse, [channel][three][lane]: at arrivals of g, A and D of the step after; or none, A and D of the step itself.
template <class F, bool learned>
void run_events_back(const Channels<F, BACK_FROM_EVENTS>& channels, const LateBlock<F>& block, int64_t T, const F* g, F* sums) {
    using V = typename Lanes<F>::V;
    constexpr int N = Lanes<F>::N, n = BACK_FROM_EVENTS;
    V a[n], d[n], rho[n], of_g[n], of_a[n], of_d[n];
    const Bits* arriving[n];
#pragma GCC unroll 8
    for (int c = 0; c < n; c++) {
        const F* own = sums + int64_t(channels.channel[c]) * 3 * N;
        a[c] = d[c] = V{}, rho[c] = load<V>(&block.decay[int64_t(channels.channel[c]) * N]);
        of_g[c] = load<V>(own), of_a[c] = load<V>(own + N), of_d[c] = load<V>(own + 2 * N);
        arriving[c] = channels.arriving[c];
    }
    for (int64_t t = T - 1; t >= channels.start; t--) {
        const V now = load<V>(g + t * N);
#pragma GCC unroll 8
        for (int c = 0; c < n; c++) {
            const Bits lanes = arriving[c][t];
            const V a_after = a[c], d_after = d[c];
            d[c] = d[c] * rho[c] + a[c];
            a[c] = a[c] * rho[c] + now;
            if constexpr (learned) of_g[c] = add_where(lanes, of_g[c], now);
            of_a[c] = add_where(lanes, of_a[c], learned ? a_after : a[c]);
            of_d[c] = add_where(lanes, of_d[c], learned ? d_after : d[c]);
        }
    }
#pragma GCC unroll 8
    for (int c = 0; c < n; c++) {
        F* own = sums + int64_t(channels.channel[c]) * 3 * N;
        store(own, of_g[c]), store(own + N, of_a[c]), store(own + 2 * N, of_d[c]);
    }
}

// The longest lag after which anything still arrives.
template <class F> int64_t longest_lag(const F* delay, int64_t n, int64_t T) {
    F longest = 0;
    for (int64_t k = 0; k < n; k++)
        if (delay[k] < F(T)) longest = std::max(longest, delay[k]);
    return int64_t(longest);
}

// The forward pass, if all events have one value; false, and nothing done, if not.
template <class F>
bool late_events_forward(Sequence<const F> x, const F* w, const F* rho, const F* delay, Sequence<F> v, int64_t T, int64_t B, int64_t I, int64_t J,
                         int threads) {
    constexpr int N = Lanes<F>::N;
    Team team(useful_threads(threads, double(T) * B * I * J));
    Spikes<F> spikes(T, B, I, 1);
    if (!find_spikes(team, spikes, x)) return false;
    const int64_t longest = longest_lag(delay, I * J, T), blocks = (J + N - 1) / N, cuts = std::min<int64_t>(B, (2 * threads + blocks - 1) / blocks);
    team.run([&] {
        team.each(blocks * cuts, [&](int64_t task) { // a block is prepared once for each cut of the batch
            const int64_t block = task / cuts, cut = task % cuts, used = std::min<int64_t>(N, J - block * N);
            const LateBlock<F> synapses(w, rho, delay, I, block, J, spikes.value, T, longest);
            ArrivalBits<F> bits(T, synapses);
            Buffer<F> sums(T * N);
            for (int64_t b = cut * B / cuts; b < (cut + 1) * B / cuts; b++) {
                std::memset(static_cast<void*>(sums.get()), 0, sizeof(F) * size_t(T * N));
                const auto& part = spikes.part(b, 0);
                for (size_t k = 0; k < part.channel.size(); k += AHEAD_OF_EVENTS) {
                    if (k % BUNCH == 0) bits.find(part, k / BUNCH);
                    const Channels<F, AHEAD_OF_EVENTS> some(part, k, bits, int32_t(I));
                    synapses.between ? run_events<F, true>(some, synapses, T, sums.get()) : run_events<F, false>(some, synapses, T, sums.get());
                }
                for (int64_t t = 0; t < T; t++) std::memcpy(v.at(t, b) + block * N, sums.get() + t * N, sizeof(F) * size_t(used));
            }
        });
    });
    return true;
}

// The gradients of w and rho, and of delay if it is asked for, if all events have one value; false, and nothing done, if not.
template <class F>
bool late_events_gradients(Sequence<const F> g, Sequence<const F> x, const F* w, const F* rho, const F* delay, F* dw, F* drho, F* ddelay, int64_t T,
                           int64_t B, int64_t I, int64_t J, int threads) {
    constexpr int N = Lanes<F>::N;
    Team team(useful_threads(threads, double(T) * B * I * J));
    const int64_t longest = longest_lag(delay, I * J, T), blocks = (J + N - 1) / N;
    // channels are dealt out where blocks are too few for the threads: every synapse sums over samples, then events, in one order
    const int64_t parts = std::max<int64_t>(1, std::min(I / 32, (threads + blocks - 1) / blocks));
    Spikes<F> spikes(T, B, I, parts);
    if (!find_spikes(team, spikes, x)) return false;
    team.run([&] {
        team.each(blocks * parts, [&](int64_t task) {
            const int64_t block = task / parts, part = task % parts, used = std::min<int64_t>(N, J - block * N);
            const LateBlock<F> synapses(w, rho, delay, I, block, J, spikes.value, T, longest);
            const bool learned = ddelay || synapses.between;
            ArrivalBits<F> bits(T, synapses);
            Buffer<F> slopes(T * N), sums((I + 1) * 3 * N);
            for (int64_t b = 0; b < B; b++) {
                for (int64_t t = 0; t < T; t++) std::memcpy(slopes.get() + t * N, g.at(t, b) + block * N, sizeof(F) * size_t(used));
                const auto& own = spikes.part(b, part);
                for (size_t k = 0; k < own.channel.size(); k += BACK_FROM_EVENTS) {
                    if (k % BUNCH == 0) bits.find(own, k / BUNCH);
                    const Channels<F, BACK_FROM_EVENTS> some(own, k, bits, int32_t(I));
                    learned ? run_events_back<F, true>(some, synapses, T, slopes.get(), sums.get())
                            : run_events_back<F, false>(some, synapses, T, slopes.get(), sums.get());
                }
            }
            for (int64_t j = block * N; j < block * N + used; j++)
                for (int64_t i = part; i < I; i += parts) {
                    const F* own = sums.get() + i * 3 * N + j % N;
                    const int64_t synapse = j * I + i;
                    const F part_later = delay[synapse] < F(T) ? delay[synapse] - std::floor(delay[synapse]) : F(0);
                    F now_a = own[N], now_d = own[2 * N];
                    if (learned) { // of the step of arrival, from the step after
                        now_a = rho[synapse] * own[N] + own[0];
                        now_d = rho[synapse] * own[2 * N] + own[N];
                    }
                    const F after_a = learned ? own[N] : F(0), after_d = learned ? own[2 * N] : F(0);
                    dw[synapse] = spikes.value * ((F(1) - part_later) * now_a + part_later * after_a);
                    drho[synapse] = spikes.value * w[synapse] * ((F(1) - part_later) * now_d + part_later * after_d);
                    if (ddelay) ddelay[synapse] = spikes.value * w[synapse] * (own[N] - now_a);
                }
        });
    });
    return true;
}

} // namespace hetsyn
#endif
