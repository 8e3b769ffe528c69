// The filter through shared decays and its gradients by parameters, block by block over threads.
#pragma once

#include "expansion_coefficients.hpp"
#include "filter_ops.hpp"

namespace hetsyn {

// Whether shared decays are less work than the exact kernels: an event costs as many multiply-adds as there are nodes, and so does, about
// twice, a step, where the exact kernels step every synapse. The factor is where both took equally long (python -m benchmarks.filters).
template <typename T>
bool is_worth_expanding(const T* x, long n_nodes, FilterShape s) {
    return (activity(x, s.n_steps * s.n_batch, s.n_pre) * double(s.n_pre) + 2.0) * double(n_nodes) < 0.5 * double(s.n_pre);
}

// The events of every batch item.
template <typename T>
std::vector<StepEvents<T>> find_step_events(const T* x, FilterShape s, int n_threads, std::atomic<bool>& finite) {
    std::vector<StepEvents<T>> events(size_t(s.n_batch));
    share(s.n_batch, n_threads, s.work(), [&](long b) { events[size_t(b)] = StepEvents<T>(x, s.n_steps, s.n_batch, s.n_pre, b, finite); });
    return events;
}

// Decays of all nodes, in groups, with zeros at the end.
template <typename T>
std::vector<T> decays_of(const Nodes& nodes) {
    std::vector<T> rho(size_t(Expansion<T>::padded(nodes.count())), T(0));
    std::fill_n(rho.begin(), nodes.at_one * (1 + nodes.chained), T(1));
    std::copy_n(nodes.rho, nodes.n_inner, rho.begin() + nodes.n_limits());
    return rho;
}

template <typename T>
void expanded_forward(
    const std::vector<StepEvents<T>>& events, const Nodes& nodes, const double* u, const T* w, T* v, FilterShape s, int n_threads) {
    using E = Expansion<T>;
    const std::vector<T> rho = decays_of<T>(nodes);
    const long n_blocks = ceil_div(s.n_post, E::LANES), size = E::group_size(nodes.count());
    // a block is packed once per task: its batch is cut no finer than threads need
    const long n_cuts = std::min(s.n_batch, ceil_div(2 * n_threads, n_blocks));
    const auto run = E::forward(size);
    share(n_blocks * n_cuts, n_threads, s.work(), [&](long task) {
        const long block = task / n_cuts, cut = task % n_cuts, lanes = std::min<long>(E::LANES, s.n_post - block * E::LANES);
        std::vector<vec<T>> m(size_t(s.n_pre * E::padded(nodes.count())), vec<T>{});
        pack_block(nodes, u, w, s, block, m.data());
        for (long group = 0; group < E::groups(nodes.count()); ++group)
            for (long b = cut * s.n_batch / n_cuts; b < (cut + 1) * s.n_batch / n_cuts; ++b)
                run(events[size_t(b)], m.data() + group * s.n_pre * size, rho.data() + group * size, s.n_steps, s.n_batch * s.n_post, lanes,
                    group > 0, v + b * s.n_post + block * E::LANES);
    });
}

template <typename T>
void expanded_backward(const std::vector<StepEvents<T>>& events, const Nodes& nodes, const double* u, const T* scale, const T* g, T* dw, T* drho,
                       FilterShape s, int n_threads) {
    using E = Expansion<T>;
    const std::vector<T> rho = decays_of<T>(nodes);
    std::vector<T> chain(rho.size(), T(0));
    for (long k = 1; k < nodes.n_limits(); k += 2) chain[size_t(k)] = T(1);
    const long size = E::group_size(nodes.count());
    const auto run = E::backward(size);
    share(ceil_div(s.n_post, E::LANES), n_threads, s.work(), [&](long block) {
        const long lanes = std::min<long>(E::LANES, s.n_post - block * E::LANES);
        std::vector<vec<T>> dm(size_t(s.n_pre * E::padded(nodes.count())), vec<T>{});
        for (long group = 0; group < E::groups(nodes.count()); ++group)
            for (long b = 0; b < s.n_batch; ++b)
                run(events[size_t(b)], g + b * s.n_post + block * E::LANES, rho.data() + group * size, chain.data() + group * size, s.n_steps,
                    s.n_batch * s.n_post, lanes, dm.data() + group * s.n_pre * size);
        unpack_block(nodes, u, scale, dm.data(), s, block, dw, drho);
    });
}

// Through shared decays, or exactly where that is less work.
template <typename T>
int expanded_filter(const T* x, const T* w, const T* rho, const double* u, const Nodes& nodes, T* v, FilterShape s, int n_threads) {
    if (!is_worth_expanding(x, nodes.count(), s)) return filter_forward(x, w, rho, v, s.n_steps, s.n_batch, s.n_pre, s.n_post, n_threads);
    std::atomic<bool> finite{true};
    const auto events = find_step_events(x, s, n_threads, finite);
    if (!finite) return NOT_FINITE;
    expanded_forward(events, nodes, u, w, v, s, n_threads);
    return COMPLETE;
}

template <typename T>
int expanded_gradients(const T* g, const T* x, const T* w, const T* rho, const double* u, const T* scale, const Nodes& nodes, T* dw, T* drho,
                       FilterShape s, int n_threads) {
    if (!is_worth_expanding(x, nodes.count(), s))
        return filter_backward<T>(g, x, w, rho, nullptr, dw, drho, s.n_steps, s.n_batch, s.n_pre, s.n_post, n_threads);
    std::atomic<bool> finite{true};
    expanded_backward(find_step_events(x, s, n_threads, finite), nodes, u, scale, g, dw, drho, s, n_threads);
    return COMPLETE;
}

}  // namespace hetsyn
