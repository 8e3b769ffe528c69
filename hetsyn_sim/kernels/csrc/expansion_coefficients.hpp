// Coefficients of the shared-decay expansion: they pack M = w c_k for the forward kernels and turn dM into dL/dw and dL/drho.
#pragma once

#include "expansion.hpp"

namespace hetsyn {

// Nodes in their order: rho = 1 and rho = 0 if any decay is there (in the backward pass each followed by its chained scan), then the inner
// ones. hetsyn_sim/kernels/expansion_ops.py declares the same.
struct Nodes {
    const double* rho;            // (inner) shared decays
    const double* u;              // (inner) their place on the scale of SharedDecays.scaled
    const double* weights;        // (inner) barycentric
    double scale, shift;          // u = scale log tau - shift
    double near_zero, near_one;   // decays up to here are taken for 0, from here on for 1
    int64_t n_inner, at_one, at_zero, chained;

    long n_limits() const { return (at_one + at_zero) * (1 + chained); }
    long count() const { return n_limits() + n_inner; }
};

// Logarithm of positive normal numbers, to about one unit in the last place: 2^k (1 + f), and a series in f / (2 + f) (fdlibm's e_log.c).
inline vec<double> log_positive(vec<double> x) {
    using I = Lanes<double>::I;
    const I half = all<I>(int64_t(0x3fe6a09e667f3bcd));  // the bits of sqrt(1/2), below which k is one less
    I bits;
    std::memcpy(&bits, &x, sizeof(x));
    const I k = (bits - half) >> 52;
    bits -= k << 52;
    vec<double> f, n;
    std::memcpy(&f, &bits, sizeof(f));
    f -= 1.0;
    const double magic = 6755399441055744.0;  // 1.5 2^52, whose low bits are an integer
    const vec<double> magics = splat(magic);
    I shifted;
    std::memcpy(&shifted, &magics, sizeof(shifted));
    shifted += k;
    std::memcpy(&n, &shifted, sizeof(n));
    n -= magic;
    const vec<double> s = f / (2.0 + f), z = s * s, y = z * z, half_square = 0.5 * f * f;
    const vec<double> odd = z * (6.666666666666735130e-01 + y * (2.857142874366239149e-01 + y * (1.818357216161805012e-01 + y * 1.479819860511658591e-01)));
    const vec<double> even = y * (3.999999999940941908e-01 + y * (2.222219843214978396e-01 + y * 1.531383769920937332e-01));
    return n * 6.93147180369123816490e-01 - ((half_square - (s * (half_square + odd + even) + n * 1.90821492927058770002e-10)) - f);
}

// A vector of doubles from, and to, as many numbers of T in memory.
template <typename T> inline vec<double> widened(const T* from) {
    typedef T narrow __attribute__((vector_size(sizeof(T) * size_t(Lanes<double>::N))));
    return __builtin_convertvector(load<narrow>(from), vec<double>);
}
template <typename T> inline void narrowed(vec<double> value, T* to) {
    typedef T narrow __attribute__((vector_size(sizeof(T) * size_t(Lanes<double>::N))));
    store(to, __builtin_convertvector(value, narrow));
}

// One channel of a block: where its decays stand between the nodes, and the coefficients there. Lanes of vec<T> are one or two vectors of
// doubles.
template <typename T>
struct Coefficients {
    static constexpr int MOST_INNER = 64, LANES = Lanes<T>::N, WIDTH = Lanes<double>::N, PARTS = LANES / WIDTH;
    vec<double> u[PARTS], steep[PARTS], c[MOST_INNER][PARTS], slopes[MOST_INNER][PARTS];  // steep: dlog tau / drho
    bool limits = false;                                                                  // whether there is one
    int limit[LANES] = {};                                                                // +1, -1 where rho is taken for 1, 0

    void place(const Nodes& nodes, const T* rho) {
        limits = false;
        for (int part = 0; part < PARTS; ++part) {
            vec<double> r = widened(rho + part * WIDTH);
            if (nodes.at_one || nodes.at_zero)
                for (int l = 0; l < WIDTH; ++l) {
                    const int end = r[l] >= nodes.near_one ? 1 : r[l] <= nodes.near_zero ? -1 : 0;
                    limit[part * WIDTH + l] = end;
                    limits |= end != 0;
                    if (end) r[l] = 0.5;
                }
            const vec<double> per_step = -log_positive(r);
            u[part] = -nodes.scale * log_positive(per_step) - nodes.shift;
            steep[part] = 1.0 / (r * per_step);
        }
    }

    // Lagrange polynomials at u and their derivatives by log tau as products without a division, exact at the nodes and stable next to
    // them; 0 at a limit. As SharedDecays.coefficients, against which they are tested.
    template <bool SLOPES>
    void evaluate(const Nodes& nodes) {
        // both vectors side by side: each is a chain of products
        vec<double> product[PARTS] = {}, derivative[PARTS] = {};
        for (int part = 0; part < PARTS; ++part) {
            product[part] = splat(1.0);
            if (limits)
                for (int l = 0; l < WIDTH; ++l) product[part][l] = limit[part * WIDTH + l] ? 0.0 : 1.0;
        }
        for (long k = 0; k < nodes.n_inner; ++k)
#pragma GCC unroll 2
            for (int part = 0; part < PARTS; ++part) {
                const vec<double> difference = u[part] - nodes.u[k];
                c[k][part] = product[part];
                if (SLOPES) {
                    slopes[k][part] = derivative[part];
                    derivative[part] = product[part] + derivative[part] * difference;
                }
                product[part] *= difference;
            }
        for (int part = 0; part < PARTS; ++part) product[part] = splat(1.0), derivative[part] = vec<double>{};
        for (long k = nodes.n_inner - 1; k >= 0; --k)
#pragma GCC unroll 2
            for (int part = 0; part < PARTS; ++part) {
                const vec<double> difference = u[part] - nodes.u[k];
                if (SLOPES) {
                    slopes[k][part] = (slopes[k][part] * product[part] + c[k][part] * derivative[part]) * (nodes.weights[k] * nodes.scale);
                    derivative[part] = product[part] + derivative[part] * difference;
                }
                c[k][part] *= product[part] * nodes.weights[k];
                product[part] *= difference;
            }
    }
};

// Rows of a matrix (post, pre) as lanes: a few channels of one block at a time, for the cache's sake.
template <typename T>
struct Tile {
    static constexpr int CHANNELS = 16, LANES = Lanes<T>::N;
    T at[CHANNELS][LANES];

    // Lanes beyond the last neuron repeat the first.
    void fill(const T* from, long stride, long lanes, long channels) {
        for (long l = 0; l < LANES; ++l)
            for (long c = 0; c < channels; ++c) at[c][l] = from[(l < lanes ? l : 0) * stride + c];
    }
    void empty(T* to, long stride, long lanes, long channels) const {
        for (long l = 0; l < lanes; ++l)
            for (long c = 0; c < channels; ++c) to[l * stride + c] = at[c][l];
    }
};

// rho and w (post, pre) -> M of one block.
template <typename T>
void pack_block(const Nodes& nodes, const T* rho, const T* w, FilterShape s, long block, vec<T>* m) {
    constexpr int L = Lanes<T>::N, WIDTH = Lanes<double>::N, PARTS = L / WIDTH;
    const long j = block * L, lanes = std::min<long>(L, s.n_post - j);
    const typename Expansion<T>::Rows rows(nodes.count(), s.n_pre);
    Coefficients<T> at;
    Tile<T> decays, weights;
    for (long first = 0; first < s.n_pre; first += Tile<T>::CHANNELS) {
        const long n = std::min<long>(Tile<T>::CHANNELS, s.n_pre - first);
        decays.fill(rho + j * s.n_pre + first, s.n_pre, lanes, n);
        weights.fill(w + j * s.n_pre + first, s.n_pre, lanes, n);
        for (long i = first; i < first + n; ++i) {
            const T* weight = weights.at[i - first];
            at.place(nodes, decays.at[i - first]);
            at.template evaluate<false>(nodes);
            for (long k = 0; k < nodes.n_inner; ++k) {
                T row[L];
                for (int part = 0; part < PARTS; ++part) narrowed(at.c[k][part], row + part * WIDTH);
                m[rows.at(i, nodes.n_limits() + k)] = load_vector(row) * load_vector(weight);
            }
            for (long k = 0; k < nodes.n_limits(); ++k) {
                T row[L];
                for (int l = 0; l < L; ++l) row[l] = at.limit[l] == (k < nodes.at_one ? 1 : -1) ? weight[l] : T(0);
                m[rows.at(i, k)] = load_vector(row);
            }
        }
    }
}

// dM of channels `low` to `high` of one block -> dw and drho (post, pre). The slope at a limit is by rho already.
template <typename T>
void unpack_block(const Nodes& nodes, const T* rho, const T* w, const vec<T>* dm, FilterShape s, long block, long low, long high, T* dw,
                  T* drho) {
    constexpr int L = Lanes<T>::N, WIDTH = Lanes<double>::N, PARTS = L / WIDTH;
    const long j = block * L, lanes = std::min<long>(L, s.n_post - j);
    const typename Expansion<T>::Rows rows(nodes.count(), high - low);
    Coefficients<T> at;
    Tile<T> decays, weights, of_weights, of_decays;
    for (long first = low; first < high; first += Tile<T>::CHANNELS) {
        const long n = std::min<long>(Tile<T>::CHANNELS, high - first), corner = j * s.n_pre + first;
        decays.fill(rho + corner, s.n_pre, lanes, n);
        weights.fill(w + corner, s.n_pre, lanes, n);
        for (long c = 0; c < n; ++c) {
            const long i = first + c - low;
            at.place(nodes, decays.at[c]);
            at.template evaluate<true>(nodes);
            vec<double> values[PARTS] = {}, slopes[PARTS] = {};
            for (long k = 0; k < nodes.n_inner; ++k) {
                const T* row = reinterpret_cast<const T*>(dm + rows.at(i, nodes.n_limits() + k));
                for (int part = 0; part < PARTS; ++part) {
                    const vec<double> sum = widened(row + part * WIDTH);
                    values[part] += at.c[k][part] * sum;
                    slopes[part] += at.slopes[k][part] * sum;
                }
            }
            for (int part = 0; part < PARTS; ++part) {
                narrowed(values[part], of_weights.at[c] + part * WIDTH);
                narrowed(slopes[part] * at.steep[part], of_decays.at[c] + part * WIDTH);
            }
            for (int l = 0; at.limits && l < L; ++l)
                if (at.limit[l]) {
                    const long k = at.limit[l] > 0 ? 0 : 2 * nodes.at_one;
                    of_weights.at[c][l] = dm[rows.at(i, k)][l];
                    of_decays.at[c][l] = dm[rows.at(i, k + 1)][l];
                }
            store(of_decays.at[c], load_vector(of_decays.at[c]) * load_vector(weights.at[c]));
        }
        of_weights.empty(dw + corner, s.n_pre, lanes, n);
        of_decays.empty(drho + corner, s.n_pre, lanes, n);
    }
}

}  // namespace hetsyn
