// The filter onto few neurons, as a readout has: vectors hold channels, so that no lane is empty. Every step counts as active.
//
//     p[t] = rho p[t-1] + x[t],   v[t] = sum over channels of w p[t];   backwards the adjoints A and D of filter.hpp
#pragma once
#include "layout.hpp"
#include "team.hpp"

namespace hetsyn {

// Whether a vector of neurons would be empty for the most part.
template <class F> inline bool is_narrow(int64_t J) { return 4 * J <= Lanes<F>::N; }

constexpr int STRIP = 4; // vectors of channels that are in registers at a time

// Matrices (neuron, channel) with rows of whole strips, and the strips as tasks.
template <class F> class Narrow {
    using V = typename Lanes<F>::V;
    static constexpr int N = Lanes<F>::N, WIDTH = STRIP * N;

  public:
    Narrow(const F* x, const F* w, const F* rho, int64_t T, int64_t B, int64_t I, int64_t J)
        : x_(x), T(T), B(B), I(I), J(J), n_strips((I + WIDTH - 1) / WIDTH), padded_(n_strips * WIDTH), w_(J * padded_), rho_(J * padded_) {
        for (int64_t j = 0; j < J; j++)
            for (Buffer<F>* buffer : {&w_, &rho_}) std::memcpy(&(*buffer)[j * padded_], (buffer == &w_ ? w : rho) + j * I, sizeof(F) * I);
    }

    // v of one sample. Returns false if x is not finite.
    bool forward(int64_t b, F* v) const {
        Buffer<F> sums(T * N);
        F undefined = 0;
        for (int64_t j = 0; j < J; j++) {
            for (int64_t strip = 0; strip < n_strips; strip++) {
                const Rows rows(*this, strip);
                V p[STRIP], decay[STRIP], weight[STRIP], bad{};
                for (int k = 0; k < STRIP; k++) p[k] = V{}, decay[k] = at(rho_, j, strip, k), weight[k] = at(w_, j, strip, k);
                for (int64_t t = 0; t < T; t++) {
                    V sum = strip ? load<V>(&sums[t * N]) : V{};
#pragma GCC unroll 8
                    for (int k = 0; k < STRIP; k++) {
                        const V now = rows.read(x_, t, b, k);
                        p[k] = p[k] * decay[k] + now;
                        sum += p[k] * weight[k];
                        bad += now * F(0);
                    }
                    store(&sums[t * N], sum);
                }
                for (int lane = 0; lane < N; lane++) undefined += bad[lane];
            }
            for (int64_t t = 0; t < T; t++) {
                F sum = 0;
                for (int lane = 0; lane < N; lane++) sum += sums[t * N + lane];
                v[(t * B + b) * J + j] = sum;
            }
        }
        return undefined == F(0);
    }

    // dL/dw and dL/drho of a strip of channels.
    void gradients(int64_t strip, const F* g, F* dw, F* drho) const {
        const Rows rows(*this, strip);
        for (int64_t j = 0; j < J; j++) {
            V decay[STRIP], sum_w[STRIP], sum_rho[STRIP];
            for (int k = 0; k < STRIP; k++) decay[k] = at(rho_, j, strip, k), sum_w[k] = sum_rho[k] = V{};
            for (int64_t b = 0; b < B; b++) {
                V a[STRIP], d[STRIP];
                for (int k = 0; k < STRIP; k++) a[k] = d[k] = V{};
                for (int64_t t = T - 1; t >= 0; t--) {
                    const F now = g[(t * B + b) * J + j];
#pragma GCC unroll 8
                    for (int k = 0; k < STRIP; k++) {
                        d[k] = d[k] * decay[k] + a[k];
                        a[k] = a[k] * decay[k] + now;
                        const V events = rows.read(x_, t, b, k);
                        sum_w[k] += events * a[k];
                        sum_rho[k] += events * d[k];
                    }
                }
            }
            for (int k = 0; k < STRIP; k++) {
                const V of_rho = sum_rho[k] * at(w_, j, strip, k);
                const int64_t at = j * I + rows.first + k * N;
                std::memcpy(dw + at, &sum_w[k], sizeof(F) * size_t(rows.lanes[k]));
                std::memcpy(drho + at, &of_rho, sizeof(F) * size_t(rows.lanes[k]));
            }
        }
    }

  private:
    // A strip's vectors of x: whole ones, one in part, none.
    struct Rows {
        int64_t first, step, sample;
        int lanes[STRIP];
        Rows(const Narrow& of, int64_t strip) : first(strip * WIDTH), step(of.B * of.I), sample(of.I) {
            for (int k = 0; k < STRIP; k++) lanes[k] = int(std::clamp<int64_t>(of.I - first - k * N, 0, N));
        }
        V read(const F* source, int64_t t, int64_t b, int k) const {
            source += t * step + b * sample + first + k * N;
            if (lanes[k] == N) return load<V>(source);
            V out{};
            std::memcpy(&out, source, sizeof(F) * size_t(lanes[k]));
            return out;
        }
    };

    V at(const Buffer<F>& matrix, int64_t j, int64_t strip, int k) const { return load<V>(&matrix[j * padded_ + strip * WIDTH + k * N]); }

    const F* x_;
    int64_t T, B, I, J;

  public:
    int64_t n_strips;

  private:
    int64_t padded_;
    Buffer<F> w_, rho_;
};

template <class F> int narrow_forward(const F* x, const F* w, const F* rho, F* v, int64_t T, int64_t B, int64_t I, int64_t J, int threads) {
    const Narrow<F> narrow(x, w, rho, T, B, I, J);
    std::atomic<int> status{COMPLETE};
    Team team(useful_threads(threads, double(T) * B * I * J));
    team.run([&] {
        team.each(B, [&](int64_t b) {
            if (!narrow.forward(b, v)) status = NOT_FINITE;
        });
    });
    return status;
}

template <class F>
void narrow_gradients(const F* g, const F* x, const F* w, const F* rho, F* dw, F* drho, int64_t T, int64_t B, int64_t I, int64_t J,
                      int threads) {
    const Narrow<F> narrow(x, w, rho, T, B, I, J);
    Team team(useful_threads(threads, double(T) * B * I * J));
    team.run([&] { team.each(narrow.n_strips, [&](int64_t strip) { narrow.gradients(strip, g, dw, drho); }); });
}

} // namespace hetsyn
