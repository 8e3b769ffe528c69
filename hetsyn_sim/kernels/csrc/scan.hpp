// What the forward and the backward scan of a population share: its size, its paths, and rows of neurons padded to whole blocks.
//
//     v[t] = v_in[t] + recurrent currents + sum over resets of a S[t],   z[t] = v[t] > theta
//     I[t] = rho I[t-1] + w z[t-1] per synapse,   K[t] = rho K[t-1] + w z[t-1] where rho is shared,   S[t] = rho S[t-1] + z[t-1]
#pragma once

#include "blocks.hpp"
#include "surrogate.hpp"

namespace hetsyn {

// As the Python side declares it: pointers to contiguous arrays, (post, pre) for w and rho per synapse, (post,) for everything else.
template <typename T>
struct ScanPaths {
    long n_synaptic, n_shared, n_resets;
    const T *const *synaptic_w, *const *synaptic_rho;
    const T *const *shared_w, *const *shared_rho;
    const T *const *reset_a, *const *reset_rho;
};

// One number per neuron, padded with a value that does no harm.
template <typename T>
std::vector<T> padded(const T* values, long n, T pad) {
    std::vector<T> out(size_t(ceil_div(n, BLOCK<T>) * BLOCK<T>), pad);
    std::copy(values, values + n, out.begin());
    return out;
}

// element(i, j) = w[j, i]: rows are presynaptic, what lies side by side is postsynaptic.
template <typename T>
Blocks<T> by_source(const T* w, long n) {
    return Blocks<T>(n, n, [=](long i, long j) { return w[j * n + i]; });
}

// element(j, i) = w[j, i]: rows are postsynaptic, what lies side by side is presynaptic.
template <typename T>
Blocks<T> by_target(const T* w, long n) {
    return Blocks<T>(n, n, [=](long j, long i) { return w[j * n + i]; });
}

// Rows shared by all neurons of a decay per neuron.
template <typename T>
struct Paths {
    std::vector<Blocks<T>> w, rho;     // per synapse
    std::vector<Blocks<T>> shared_w;   // one decay per neuron
    std::vector<std::vector<T>> shared_rho, reset_a, reset_rho;

    Paths(const ScanPaths<T>& paths, long n, bool backward) {
        auto blocks = [&](const T* a) { return backward ? by_target(a, n) : by_source(a, n); };
        for (long k = 0; k < paths.n_synaptic; ++k) {
            w.push_back(blocks(paths.synaptic_w[k]));
            rho.push_back(blocks(paths.synaptic_rho[k]));
        }
        for (long k = 0; k < paths.n_shared; ++k) {
            shared_w.push_back(blocks(paths.shared_w[k]));
            shared_rho.push_back(padded(paths.shared_rho[k], n, T(0)));
        }
        for (long k = 0; k < paths.n_resets; ++k) {
            reset_a.push_back(padded(paths.reset_a[k], n, T(0)));
            reset_rho.push_back(padded(paths.reset_rho[k], n, T(0)));
        }
    }
};

}  // namespace hetsyn
