// What the forward and the backward scan of a population share.
//
//     v[t] = v_in[t] + recurrent currents + sum over resets of a S[t],   z[t] = v[t] > theta
//     I[t] = rho I[t-1] + w z[t-1] per synapse,   K[t] = rho K[t-1] + w z[t-1] where rho is shared,   S[t] = rho S[t-1] + z[t-1]
#pragma once
#include <vector>

#include "layout.hpp"

namespace hetsyn {

// As the Python side declares them: pointers to contiguous arrays, (post, pre) for w and rho per synapse, (post,) for everything else.
template <class F> struct ScanPaths {
    int64_t n_synaptic, n_shared, n_resets;
    const F *const *synaptic_w, *const *synaptic_rho;
    const F *const *shared_w, *const *shared_rho;
    const F *const *reset_a, *const *reset_rho;
};

template <class F> struct ScanGradients {
    F *d, *theta;
    F *const *reset_a, *const *reset_rho;
};

// One number per neuron, filled up to whole vectors.
template <class F> Buffer<F> per_neuron(const F* source, int64_t n, int64_t padded, F filler) {
    Buffer<F> out(padded);
    for (int64_t k = 0; k < padded; k++) out[k] = k < n ? source[k] : filler;
    return out;
}

enum Kind { PER_SYNAPSE, PER_NEURON, RESET };

template <class F> struct Path {
    Kind kind;
    Packed<F> w, rho;           // recurrent, rho only where there is one per synapse
    Buffer<F> amplitude, decay; // reset; whatever has one state per neuron
};

// Lanes are postsynaptic neurons, or presynaptic ones.
template <class F> std::vector<Path<F>> make_paths(const ScanPaths<F>& given, const Blocks& blocks, bool lanes_are_post) {
    const int64_t n = blocks.n, padded = blocks.padded(), lane = lanes_are_post ? n : 1, channel = lanes_are_post ? 1 : n;
    std::vector<Path<F>> paths;
    const auto fill = [&](const Packed<F>& packed, const F* source) {
        for (int64_t k = 0; k < blocks.count; k++) packed.fill(k, source, lane, channel);
    };
    const auto none = [] { return Buffer<F>(); };
    for (int64_t p = 0; p < given.n_synaptic; p++) {
        paths.push_back({PER_SYNAPSE, Packed<F>(blocks, n), Packed<F>(blocks, n), none(), none()});
        fill(paths.back().w, given.synaptic_w[p]);
        fill(paths.back().rho, given.synaptic_rho[p]);
    }
    for (int64_t p = 0; p < given.n_shared; p++) {
        paths.push_back({PER_NEURON, Packed<F>(blocks, n), Packed<F>(blocks, 0), none(), per_neuron(given.shared_rho[p], n, padded, F(0))});
        fill(paths.back().w, given.shared_w[p]);
    }
    for (int64_t p = 0; p < given.n_resets; p++)
        paths.push_back({RESET, Packed<F>(blocks, 0), Packed<F>(blocks, 0), per_neuron(given.reset_a[p], n, padded, F(0)),
                         per_neuron(given.reset_rho[p], n, padded, F(0))});
    return paths;
}

} // namespace hetsyn
