// Coefficients of the shared-decay expansion: they pack M = w c_k for the forward kernel and turn dM into dL/dw and dL/drho.
#pragma once

#include "expansion.hpp"

namespace hetsyn {

// Nodes in their order: rho = 1 and rho = 0 if any decay is there (in the backward pass each followed by its chained scan), then the inner
// ones. hetsyn_sim/kernels/expansion_ops.py declares the same.
struct Nodes {
    const double* rho;      // (inner) shared decays
    const double* u;        // (inner) their place on the scale of SharedDecays.scaled
    const double* weights;  // (inner) barycentric
    double scale;           // du/dlog tau
    long n_inner, at_one, at_zero, chained;

    long n_limits() const { return (at_one + at_zero) * (1 + chained); }
    long count() const { return n_limits() + n_inner; }
};

// One channel of a block: log tau on the nodes' scale, and the coefficients there. Lanes of vec<T> are one or two vectors of doubles.
template <typename T>
struct Coefficients {
    static constexpr int MOST_INNER = 64, LANES = Lanes<T>::N, WIDTH = Lanes<double>::N, PARTS = LANES / WIDTH;
    vec<double> u[PARTS] = {}, c[MOST_INNER][PARTS], slopes[MOST_INNER][PARTS];
    int limit[LANES];  // +1, -1 where u is +inf, -inf: at rho = 1, rho = 0

    Coefficients(const double* from, long stride, long lanes) {
        for (int l = 0; l < LANES; ++l) {
            const double value = l < lanes ? from[l * stride] : 0.0;
            limit[l] = std::isinf(value) ? (value > 0 ? 1 : -1) : 0;
            u[l / WIDTH][l % WIDTH] = limit[l] ? 0.0 : value;
        }
    }

    // Lagrange polynomials at u and their derivatives by log tau as products without a division, exact at the nodes and stable next to
    // them; 0 at a limit. As SharedDecays.coefficients, against which they are tested.
    template <bool SLOPES>
    void evaluate(const Nodes& nodes) {
        for (int part = 0; part < PARTS; ++part) {
            vec<double> product{}, derivative{};
            for (int l = 0; l < WIDTH; ++l) product[l] = limit[part * WIDTH + l] ? 0.0 : 1.0;
            for (long k = 0; k < nodes.n_inner; ++k) {
                const vec<double> difference = u[part] - nodes.u[k];
                c[k][part] = product;
                if (SLOPES) {
                    slopes[k][part] = derivative;
                    derivative = product + derivative * difference;
                }
                product *= difference;
            }
            product = splat(1.0), derivative = vec<double>{};
            for (long k = nodes.n_inner - 1; k >= 0; --k) {
                const vec<double> difference = u[part] - nodes.u[k];
                if (SLOPES) {
                    slopes[k][part] = (slopes[k][part] * product + c[k][part] * derivative) * (nodes.weights[k] * nodes.scale);
                    derivative = product + derivative * difference;
                }
                c[k][part] *= product * nodes.weights[k];
                product *= difference;
            }
        }
    }
};

// u and w (post, pre) -> M of one block, zero before.
template <typename T>
void pack_block(const Nodes& nodes, const double* u, const T* w, FilterShape s, long block, vec<T>* m) {
    constexpr int L = Lanes<T>::N;
    const long j = block * L, lanes = std::min<long>(L, s.n_post - j), n_nodes = nodes.count();
    for (long i = 0; i < s.n_pre; ++i) {
        Coefficients<T> at(u + j * s.n_pre + i, s.n_pre, lanes);
        at.template evaluate<false>(nodes);
        T weight[L] = {};
        for (long l = 0; l < lanes; ++l) weight[l] = w[(j + l) * s.n_pre + i];
        for (long k = 0; k < nodes.n_inner; ++k) {
            T row[L];
            for (int l = 0; l < L; ++l) row[l] = T(at.c[k][l / at.WIDTH][l % at.WIDTH]) * weight[l];
            m[Expansion<T>::place(n_nodes, s.n_pre, i, nodes.n_limits() + k)] = load_vector(row);
        }
        for (long k = 0; k < nodes.n_limits(); ++k) {
            T row[L];
            for (int l = 0; l < L; ++l) row[l] = at.limit[l] == (k < nodes.at_one ? 1 : -1) ? weight[l] : T(0);
            m[Expansion<T>::place(n_nodes, s.n_pre, i, k)] = load_vector(row);
        }
    }
}

// dM of one block -> dw and drho (post, pre); scale (post, pre) is w dlog tau/drho, and w at a limit, whose slope is by rho already.
template <typename T>
void unpack_block(const Nodes& nodes, const double* u, const T* scale, const vec<T>* dm, FilterShape s, long block, T* dw, T* drho) {
    constexpr int L = Lanes<T>::N, WIDTH = Lanes<double>::N, PARTS = L / WIDTH;
    const long j = block * L, lanes = std::min<long>(L, s.n_post - j), n_nodes = nodes.count();
    for (long i = 0; i < s.n_pre; ++i) {
        Coefficients<T> at(u + j * s.n_pre + i, s.n_pre, lanes);
        at.template evaluate<true>(nodes);
        vec<double> values[PARTS] = {}, slopes[PARTS] = {};
        for (long k = 0; k < nodes.n_inner; ++k) {
            const vec<T> row = dm[Expansion<T>::place(n_nodes, s.n_pre, i, nodes.n_limits() + k)];
            for (int part = 0; part < PARTS; ++part) {
                vec<double> sum;
                for (int l = 0; l < WIDTH; ++l) sum[l] = row[part * WIDTH + l];
                values[part] += at.c[k][part] * sum;
                slopes[part] += at.slopes[k][part] * sum;
            }
        }
        for (long l = 0; l < lanes; ++l) {
            const long synapse = (j + l) * s.n_pre + i;
            double value = values[l / WIDTH][l % WIDTH], slope = slopes[l / WIDTH][l % WIDTH];
            if (at.limit[l]) {
                const long k = at.limit[l] > 0 ? 0 : 2 * nodes.at_one;
                value = dm[Expansion<T>::place(n_nodes, s.n_pre, i, k)][l];
                slope = dm[Expansion<T>::place(n_nodes, s.n_pre, i, k + 1)][l];
            }
            dw[synapse] = T(value);
            drho[synapse] = T(slope) * scale[synapse];
        }
    }
}

}  // namespace hetsyn
