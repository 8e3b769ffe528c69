// Coefficients of the shared-decay expansion: packs M = w c_k for the forward kernel and turns dM into dL/dw and dL/drho.
#pragma once
#include "expansion.hpp"

namespace hetsyn {

// Nodes in their order: rho = 1 and rho = 0 (each followed by its chained scan if `slope`), then n_inner Chebyshev nodes.
struct Interpolation {
    const double* u;        // (inner) nodes on the scale of SharedDecays.scaled
    const double* weights;  // (inner) barycentric
    double scale;           // du/dlog tau
    int64_t n_inner, at_one, at_zero, slope;

    int64_t n_limits() const { return (at_one + at_zero) * (1 + slope); }
    int64_t n_nodes() const { return n_limits() + n_inner; }
};

template <class Real, int BYTES>
struct Coefficients {
    using Kernel = Expansion<Real, BYTES>;
    static constexpr int LANES = Kernel::LANES, MOST_INNER = 64;

    // Lagrange polynomials at u and their derivatives as products without a division, exact at the nodes and stable next to them;
    // 0 where u is infinite. As SharedDecays.coefficients, which is what it is tested against.
    template <bool SLOPES>
    static void lagrange(const Interpolation& nodes, const double* u, double (*c)[LANES], double (*slopes)[LANES]) {
        double difference[MOST_INNER][LANES], product[LANES], derivative[LANES] = {};
        for (int l = 0; l < LANES; ++l) product[l] = std::isinf(u[l]) ? 0.0 : 1.0;
        for (int64_t k = 0; k < nodes.n_inner; ++k)
            for (int l = 0; l < LANES; ++l) {
                difference[k][l] = std::isinf(u[l]) ? 0.0 : u[l] - nodes.u[k];
                c[k][l] = product[l];
                if (SLOPES) slopes[k][l] = derivative[l], derivative[l] = product[l] + derivative[l] * difference[k][l];
                product[l] *= difference[k][l];
            }
        for (int l = 0; l < LANES; ++l) product[l] = 1.0, derivative[l] = 0.0;
        for (int64_t k = nodes.n_inner - 1; k >= 0; --k)
            for (int l = 0; l < LANES; ++l) {
                if (SLOPES) slopes[k][l] = (slopes[k][l] * product[l] + c[k][l] * derivative[l]) * (nodes.weights[k] * nodes.scale);
                c[k][l] *= product[l] * nodes.weights[k];
                if (SLOPES) derivative[l] = product[l] + derivative[l] * difference[k][l];
                product[l] *= difference[k][l];
            }
    }

    // Where node k of channel i stands in the rows of a block.
    static int64_t place(int64_t n_nodes, int64_t n_pre, int64_t i, int64_t k) {
        const int64_t size = Kernel::group_size(n_nodes);
        return ((k / size * n_pre + i) * size + k % size) * LANES;
    }

    // u and w (post, pre) -> M of one block, to be zero before.
    static void pack(const Interpolation& nodes, const double* u, const Real* w, int64_t n_pre, int64_t n_post, int64_t block, Real* m) {
        const int64_t j = block * LANES, lanes = n_post - j < LANES ? n_post - j : LANES, limits = nodes.n_limits();
        for (int64_t i = 0; i < n_pre; ++i) {
            double at[LANES] = {}, weight[LANES] = {}, c[MOST_INNER][LANES];
            for (int64_t l = 0; l < lanes; ++l) at[l] = u[(j + l) * n_pre + i], weight[l] = w[(j + l) * n_pre + i];
            lagrange<false>(nodes, at, c, nullptr);
            for (int64_t k = 0; k < nodes.n_inner; ++k) {
                Real* row = m + place(nodes.n_nodes(), n_pre, i, limits + k);
                for (int l = 0; l < LANES; ++l) row[l] = Real(c[k][l] * weight[l]);
            }
            for (int64_t k = 0; k < nodes.at_one + nodes.at_zero; ++k) {
                Real* row = m + place(nodes.n_nodes(), n_pre, i, k * (1 + nodes.slope));
                const bool one = k < nodes.at_one;
                for (int l = 0; l < LANES; ++l) row[l] = std::isinf(at[l]) && (at[l] > 0) == one ? Real(weight[l]) : Real(0);
            }
        }
    }

    // dM of one block -> dw and drho (post, pre); scale is dlog tau/drho w, and w for decays at a limit.
    static void gradients(const Interpolation& nodes, const double* u, const Real* scale, const Real* dm, int64_t n_pre, int64_t n_post,
                          int64_t block, Real* dw, Real* drho) {
        const int64_t j = block * LANES, lanes = n_post - j < LANES ? n_post - j : LANES, limits = nodes.n_limits();
        for (int64_t i = 0; i < n_pre; ++i) {
            double at[LANES] = {}, c[MOST_INNER][LANES], slopes[MOST_INNER][LANES], value[LANES] = {}, slope[LANES] = {};
            for (int64_t l = 0; l < lanes; ++l) at[l] = u[(j + l) * n_pre + i];
            lagrange<true>(nodes, at, c, slopes);
            for (int64_t k = 0; k < nodes.n_inner; ++k) {
                const Real* row = dm + place(nodes.n_nodes(), n_pre, i, limits + k);
                for (int l = 0; l < LANES; ++l) value[l] += c[k][l] * row[l], slope[l] += slopes[k][l] * row[l];
            }
            for (int64_t k = 0; k < nodes.at_one + nodes.at_zero; ++k) {
                const Real* power = dm + place(nodes.n_nodes(), n_pre, i, 2 * k);
                const Real* chained = dm + place(nodes.n_nodes(), n_pre, i, 2 * k + 1);
                const bool one = k < nodes.at_one;
                for (int l = 0; l < LANES; ++l)
                    if (std::isinf(at[l]) && (at[l] > 0) == one) value[l] = power[l], slope[l] = chained[l];
            }
            for (int64_t l = 0; l < lanes; ++l) {
                dw[(j + l) * n_pre + i] = Real(value[l]);
                drho[(j + l) * n_pre + i] = Real(slope[l] * scale[(j + l) * n_pre + i]);
            }
        }
    }
};

}  // namespace hetsyn
