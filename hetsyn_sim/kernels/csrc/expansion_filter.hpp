// The filter through shared decays and its gradients by parameters, block by block over threads.
#pragma once

#include "expansion_coefficients.hpp"

namespace hetsyn {

// Backwards, so many items go together, and a piece of time is as long as its scans fit a part of the second cache.
constexpr long TOGETHER_BACK = 32, TABLE_BYTES = 256 << 10;

// Decays of all nodes, in groups, with zeros at the end.
template <typename T>
std::vector<T> decays_of(const Nodes& nodes) {
    std::vector<T> rho(size_t(Expansion<T>::padded(nodes.count())), T(0));
    std::fill_n(rho.begin(), nodes.at_one * (1 + nodes.chained), T(1));
    std::copy_n(nodes.rho, nodes.n_inner, rho.begin() + nodes.n_limits());
    return rho;
}

// v, and the bits of the input, which the backward pass is spared to look for.
template <typename T>
int expanded_filter(const T* x, const T* w, const T* rho, const Nodes& nodes, T* v, uint64_t* bits, FilterShape s, int n_threads) {
    using E = Expansion<T>;
    std::atomic<bool> finite{true}, ones{true};
    const Input<T> input{x, bits, s};
    const std::vector<T> decays = decays_of<T>(nodes);
    const long n_blocks = ceil_div(s.n_post, E::LANES), size = E::group_size(nodes.count()), n_groups = E::groups(nodes.count());
    const auto run = E::kernels(size).forward;
    FoundEvents<T> events(input);
    Team team(useful_threads(n_threads, s.work()));
    // a block is packed once per task: its batch is cut no finer than threads need
    const long n_cuts = std::min(s.n_batch, ceil_div(2 * n_threads, n_blocks));
    team.run([&] {
        events.find(team, finite, ones);
        team.each(n_blocks * n_cuts, [&](int64_t task) {
            const long block = task / n_cuts, cut = task % n_cuts, lanes = std::min<long>(E::LANES, s.n_post - block * E::LANES);
            Buffer<T> m(s.n_pre * E::padded(nodes.count()) * E::LANES);
            auto* rows = reinterpret_cast<vec<T>*>(m.get());
            pack_block(nodes, rho, w, s, block, rows);
            for (long group = 0; group < n_groups; ++group)
                for (long b = cut * s.n_batch / n_cuts; b < (cut + 1) * s.n_batch / n_cuts; ++b)
                    run(events.items[size_t(b)], rows + group * s.n_pre * size, decays.data() + group * size, s.n_steps, s.n_batch * s.n_post, lanes,
                        group > 0, v + b * s.n_post + block * E::LANES);
        });
    });
    input.all_ones() = ones;
    return finite ? COMPLETE : NOT_FINITE;
}

// dw and drho from g. Where `marked` is false the bits are still to be set.
template <typename T>
int expanded_gradients(const T* g, const T* x, const T* w, const T* rho, const Nodes& nodes, uint64_t* bits, bool marked, T* dw, T* drho,
                       FilterShape s, int n_threads) {
    using E = Expansion<T>;
    const Input<T> input{x, bits, s};
    const std::vector<T> decays = decays_of<T>(nodes);
    std::vector<T> chain(decays.size(), T(0));
    for (long k = 1; k < nodes.n_limits(); k += 2) chain[size_t(k)] = T(1);
    const long n_nodes = nodes.count(), size = E::group_size(n_nodes), n_blocks = ceil_div(s.n_post, E::LANES), padded = E::padded(n_nodes);
    const auto kernels = E::kernels(size);
    const long together = std::min(s.n_batch, TOGETHER_BACK), n_parts = ceil_div(s.n_batch, together);
    const long longest = std::max(1L, std::min(s.n_steps, TABLE_BYTES / (together * size * long(sizeof(vec<T>)))));
    const long n_pieces = ceil_div(s.n_steps, longest);
    std::vector<ChannelEvents<T>> events(static_cast<size_t>(n_pieces * n_parts));
    // every row of dM is summed up in the order of parts and pieces, however channels are cut
    const long n_cuts = std::min(s.n_pre, ceil_div(2 * n_threads, n_blocks));
    if (!marked) {
        std::atomic<bool> ones{true};
        share(s.n_steps, n_threads, s.work(), [&](int64_t t) { input.mark(t, ones, [](long, long, T) {}); });
        input.all_ones() = ones;
    }
    Team team(useful_threads(n_threads, s.work()));
    team.run([&] {
        team.each(n_pieces * n_parts, [&](int64_t task) {
            const long piece = task / n_parts, part = task % n_parts;
            events[size_t(task)].find(input, piece * longest, std::min((piece + 1) * longest, s.n_steps), part * together,
                                      std::min((part + 1) * together, s.n_batch));
        });
        team.each(n_blocks * n_cuts, [&](int64_t task) {
            const long block = task / n_cuts, low = task % n_cuts * s.n_pre / n_cuts, high = (task % n_cuts + 1) * s.n_pre / n_cuts;
            const long lanes = std::min<long>(E::LANES, s.n_post - block * E::LANES);
            Buffer<T> dm((high - low) * padded * E::LANES), state(together * padded * E::LANES), table(longest * together * size * E::LANES);
            const auto vectors = [](const Buffer<T>& buffer) { return reinterpret_cast<vec<T>*>(buffer.get()); };
            for (long part = 0; part < n_parts; ++part) {
                const long first = part * together, n = std::min(together, s.n_batch - first);
                std::memset(static_cast<void*>(state.get()), 0, size_t(together * padded) * sizeof(vec<T>));
                for (long piece = n_pieces - 1; piece >= 0; --piece) {
                    const long begin = piece * longest, n_steps = std::min(longest, s.n_steps - begin);
                    for (long at = 0; at < padded; at += size) {
                        for (long b = 0; b < n; ++b)
                            kernels.back(g + (begin * s.n_batch + first + b) * s.n_post + block * E::LANES, decays.data() + at, chain.data() + at,
                                         n_steps, s.n_batch * s.n_post, lanes, vectors(state) + b * padded + at, vectors(table) + b * size,
                                         n * size);
                        kernels.collected(events[size_t(piece * n_parts + part)], low, high, vectors(table), vectors(dm) + at * (high - low));
                    }
                }
            }
            unpack_block(nodes, rho, w, vectors(dm), s, block, low, high, dw, drho);
        });
    });
    return COMPLETE;
}

}  // namespace hetsyn
