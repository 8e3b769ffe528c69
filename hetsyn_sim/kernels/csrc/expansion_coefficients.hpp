// Coefficients of the shared-decay expansion: packs M = w c_k for the forward kernel and turns dM into dL/dw and dL/drho, one block at a time.
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
    using Vec = typename VectorOf<double, BYTES>::type;
    static constexpr int MOST_INNER = 64, LANES = Kernel::LANES, WIDTH = BYTES / sizeof(double), PARTS = LANES / WIDTH;

    // One channel of a block: u, and what becomes of it; lanes of a Real vector as one or two vectors of doubles.
    struct Channel {
        Vec u[PARTS] = {}, c[MOST_INNER][PARTS], slopes[MOST_INNER][PARTS];
        int limit[LANES];  // +1, -1 where u is +inf, -inf

        Channel(const double* from, int64_t stride, int64_t lanes) {
            for (int l = 0; l < LANES; ++l) {
                const double value = l < lanes ? from[l * stride] : 0.0;
                limit[l] = std::isinf(value) ? (value > 0 ? 1 : -1) : 0;
                u[l / WIDTH][l % WIDTH] = limit[l] ? 0.0 : value;
            }
        }

        // Lagrange polynomials at u and their derivatives by log tau as products without a division, exact at the nodes and stable next
        // to them; 0 at a limit. As SharedDecays.coefficients, against which it is tested.
        template <bool SLOPES>
        void lagrange(const Interpolation& nodes) {
            for (int part = 0; part < PARTS; ++part) {
                Vec product{}, derivative{};
                for (int l = 0; l < WIDTH; ++l) product[l] = limit[part * WIDTH + l] ? 0.0 : 1.0;
                for (int64_t k = 0; k < nodes.n_inner; ++k) {
                    const Vec difference = u[part] - nodes.u[k];
                    c[k][part] = product;
                    if (SLOPES) slopes[k][part] = derivative, derivative = product + derivative * difference;
                    product *= difference;
                }
                product = Vec{} + 1.0, derivative = Vec{};
                for (int64_t k = nodes.n_inner - 1; k >= 0; --k) {
                    const Vec difference = u[part] - nodes.u[k];
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

    // Where node k of channel i stands in a block's M or dM.
    static int64_t place(int64_t n_nodes, int64_t n_pre, int64_t i, int64_t k) {
        const int64_t size = Kernel::group_size(n_nodes);
        return ((k / size * n_pre + i) * size + k % size) * LANES;
    }

    // u and w (post, pre) -> M of one block, to be zero before.
    static void pack(const Interpolation& nodes, const double* u, const Real* w, int64_t n_pre, int64_t n_post, int64_t block, Real* m) {
        const int64_t j = block * LANES, lanes = n_post - j < LANES ? n_post - j : LANES;
        for (int64_t i = 0; i < n_pre; ++i) {
            Channel channel(u + j * n_pre + i, n_pre, lanes);
            channel.template lagrange<false>(nodes);
            Real weight[LANES] = {};
            for (int64_t l = 0; l < lanes; ++l) weight[l] = w[(j + l) * n_pre + i];
            for (int64_t k = 0; k < nodes.n_inner; ++k) {
                Real* row = m + place(nodes.n_nodes(), n_pre, i, nodes.n_limits() + k);
                const double* c = reinterpret_cast<const double*>(channel.c[k]);
                for (int l = 0; l < LANES; ++l) row[l] = Real(c[l]) * weight[l];
            }
            for (int64_t k = 0; k < nodes.at_one + nodes.at_zero; ++k) {
                Real* row = m + place(nodes.n_nodes(), n_pre, i, k * (1 + nodes.slope));
                for (int l = 0; l < LANES; ++l) row[l] = channel.limit[l] == (k < nodes.at_one ? 1 : -1) ? weight[l] : Real(0);
            }
        }
    }

    // dM of one block -> dw and drho (post, pre); scale is w dlog tau/drho, and w for decays at a limit.
    static void gradients(const Interpolation& nodes, const double* u, const Real* scale, const Real* dm, int64_t n_pre, int64_t n_post,
                          int64_t block, Real* dw, Real* drho) {
        const int64_t j = block * LANES, lanes = n_post - j < LANES ? n_post - j : LANES;
        for (int64_t i = 0; i < n_pre; ++i) {
            Channel channel(u + j * n_pre + i, n_pre, lanes);
            channel.template lagrange<true>(nodes);
            Vec values[PARTS] = {}, slopes[PARTS] = {};
            for (int64_t k = 0; k < nodes.n_inner; ++k) {
                const Real* row = dm + place(nodes.n_nodes(), n_pre, i, nodes.n_limits() + k);
                for (int part = 0; part < PARTS; ++part) {
                    Vec sum;
                    for (int l = 0; l < WIDTH; ++l) sum[l] = row[part * WIDTH + l];
                    values[part] += channel.c[k][part] * sum;
                    slopes[part] += channel.slopes[k][part] * sum;
                }
            }
            double* value = reinterpret_cast<double*>(values);
            double* slope = reinterpret_cast<double*>(slopes);
            for (int64_t k = 0; k < nodes.at_one + nodes.at_zero; ++k) {
                const Real* power = dm + place(nodes.n_nodes(), n_pre, i, 2 * k);
                const Real* chained = dm + place(nodes.n_nodes(), n_pre, i, 2 * k + 1);
                for (int l = 0; l < LANES; ++l)
                    if (channel.limit[l] == (k < nodes.at_one ? 1 : -1)) value[l] = power[l], slope[l] = chained[l];
            }
            for (int64_t l = 0; l < lanes; ++l) {
                dw[(j + l) * n_pre + i] = Real(value[l]);
                drho[(j + l) * n_pre + i] = Real(slope[l]) * scale[(j + l) * n_pre + i];
            }
        }
    }
};

}  // namespace hetsyn
