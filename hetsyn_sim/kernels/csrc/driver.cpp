// Runs every function of the library over many sizes, under the sanitizers: see README.md. Values are compared with plain loops here too, so
// that the optimiser has no excuse; the thorough comparison is in tests/kernels.
#include <cstdio>
#include <random>
#include <vector>

#include "api.cpp"

namespace {

std::mt19937 generator(1);
template <class F> std::vector<F> random(int64_t n, double low, double high, double share = 1.0) {
    std::uniform_real_distribution<double> value(low, high), chance(0.0, 1.0);
    std::vector<F> out(static_cast<size_t>(n)); // exactly as long as needed: one number too far is noticed
    for (F& x : out) x = chance(generator) < share ? F(value(generator)) : F(0);
    return out;
}

int failures = 0;
void expect(bool good, const char* what, int64_t T, int64_t B, int64_t I, int64_t J) {
    if (good) return;
    std::printf("wrong: %s, T %ld, B %ld, I %ld, J %ld\n", what, long(T), long(B), long(I), long(J));
    failures++;
}

template <class F> bool near(F one, double other, double size) { return std::abs(double(one) - other) <= (sizeof(F) == 4 ? 1e-4 : 1e-10) * (size + 1.0); }

template <class F> void filters(int64_t T, int64_t B, int64_t I, int64_t J, double share, int threads) {
    const auto x = random<F>(T * B * I, -1, 1, share), w = random<F>(J * I, -1, 1), rho = random<F>(J * I, 0, 1), g = random<F>(T * B * J, -1, 1);
    std::vector<F> v(size_t(T * B * J)), dx(x.size()), dw(w.size()), drho(w.size());
    expect(hetsyn::filter_forward<F>(x.data(), w.data(), rho.data(), v.data(), T, B, I, J, threads) == hetsyn::COMPLETE, "status", T, B, I, J);
    for (int64_t b = 0; b < B; b++)
        for (int64_t j = 0; j < J; j++) {
            std::vector<double> state(size_t(I), 0.0);
            for (int64_t t = 0; t < T; t++) {
                double sum = 0;
                for (int64_t i = 0; i < I; i++) {
                    double& s = state[size_t(i)];
                    s = s * rho[size_t(j * I + i)] + double(w[size_t(j * I + i)]) * x[size_t((t * B + b) * I + i)];
                    sum += s;
                }
                expect(near(v[size_t((t * B + b) * J + j)], sum, double(I)), "v", T, B, I, J);
            }
        }
    hetsyn::filter_backward<F>(g.data(), x.data(), w.data(), rho.data(), dx.data(), dw.data(), drho.data(), T, B, I, J, threads);
    // the adjoint, twice: <g, v> is linear in w, and in x
    double out = 0, by_w = 0, by_x = 0;
    for (size_t k = 0; k < v.size(); k++) out += double(g[k]) * v[k];
    for (size_t k = 0; k < w.size(); k++) by_w += double(dw[k]) * w[k];
    for (size_t k = 0; k < x.size(); k++) by_x += double(dx[k]) * x[k];
    const double size = double(v.size() * size_t(I));
    expect(near(F(out - by_w), 0.0, size), "dw", T, B, I, J);
    expect(near(F(out - by_x), 0.0, size), "dx", T, B, I, J);
    auto bad = x;
    bad.back() = std::numeric_limits<F>::quiet_NaN();
    const int status = hetsyn::filter_forward<F>(bad.data(), w.data(), rho.data(), v.data(), T, B, I, J, threads);
    expect(status == hetsyn::NOT_FINITE, "NaN", T, B, I, J);
    hetsyn::leaky<F>(g.data(), rho.data(), v.data(), T, B, std::min(J, I), int(T % 2), threads);
}

// With events of many values, or of one as spikes have.
template <class F> void late(int64_t T, int64_t B, int64_t I, int64_t J, double share, double longest, bool equal, int threads) {
    const auto x = equal ? random<F>(T * B * I, 1, 1, share) : random<F>(T * B * I, -1, 1, share), w = random<F>(J * I, -1, 1), rho = random<F>(J * I, 0, 1), g = random<F>(T * B * J, -1, 1),
               delay = random<F>(J * I, 0, longest);
    std::vector<F> v(size_t(T * B * J)), dx(x.size()), dw(w.size()), drho(w.size()), ddelay(w.size());
    const int status = hetsyn::late_forward<F>(x.data(), w.data(), rho.data(), delay.data(), v.data(), T, B, I, J, threads);
    expect(status == hetsyn::COMPLETE, "status of late", T, B, I, J);
    for (int64_t b = 0; b < B; b++)
        for (int64_t j = 0; j < J; j++) {
            std::vector<double> state(size_t(I), 0.0);
            for (int64_t t = 0; t < T; t++) {
                double sum = 0;
                for (int64_t i = 0; i < I; i++) {
                    const size_t synapse = size_t(j * I + i);
                    const int64_t lag = int64_t(delay[synapse]);
                    const double part = double(delay[synapse]) - double(lag);
                    const auto sent = [&](int64_t step) { return step < 0 ? 0.0 : double(x[size_t((step * B + b) * I + i)]); };
                    double& s = state[size_t(i)];
                    s = s * rho[synapse] + w[synapse] * ((1 - part) * sent(t - lag) + part * sent(t - lag - 1));
                    sum += s;
                }
                expect(near(v[size_t((t * B + b) * J + j)], sum, double(I)), "late v", T, B, I, J);
            }
        }
    hetsyn::late_backward<F>(g.data(), x.data(), w.data(), rho.data(), delay.data(), dx.data(), dw.data(), drho.data(), ddelay.data(), T, B, I, J,
                             threads);
    double out = 0, by_w = 0, by_x = 0;
    for (size_t k = 0; k < v.size(); k++) out += double(g[k]) * v[k];
    for (size_t k = 0; k < w.size(); k++) by_w += double(dw[k]) * w[k];
    for (size_t k = 0; k < x.size(); k++) by_x += double(dx[k]) * x[k];
    const double size = double(v.size() * size_t(I));
    expect(near(F(out - by_w), 0.0, size), "late dw", T, B, I, J);
    expect(near(F(out - by_x), 0.0, size), "late dx", T, B, I, J);
    for (const F& value : ddelay) expect(hetsyn::finite(value), "ddelay", T, B, I, J);
    auto bad = x;
    bad.back() = std::numeric_limits<F>::infinity();
    expect(hetsyn::late_forward<F>(bad.data(), w.data(), rho.data(), delay.data(), v.data(), T, B, I, J, threads) == hetsyn::NOT_FINITE,
           "infinity", T, B, I, J);
}

template <class F> void late_scans(int64_t T, int64_t B, int64_t J, double longest, int threads) {
    const auto v_in = random<F>(T * B * J, -1, 2), theta = random<F>(J, 0.5, 1), w = random<F>(J * J, -0.2, 0.2), rho = random<F>(J * J, 0, 1),
               a = random<F>(J, -1, 0), decay = random<F>(J, 0, 1), dz = random<F>(T * B * J, -1, 1), delay = random<F>(J * J, 0, longest);
    std::vector<F> z(v_in.size()), v(v_in.size()), d(v_in.size());
    const F *ws[] = {w.data(), w.data()}, *rhos[] = {rho.data(), rho.data()}, *as[] = {a.data()}, *decays[] = {decay.data()};
    const hetsyn::ScanPaths<F> paths{2, 0, 1, ws, rhos, nullptr, nullptr, as, decays};
    hetsyn::late_scan<F>(v_in.data(), paths, delay.data(), theta.data(), z.data(), v.data(), T, B, J, threads);
    for (size_t k = 0; k < z.size(); k++) expect((z[k] == F(1)) == (v[k] > theta[k % size_t(J)]), "late z", T, B, J, J);
    std::vector<F> dtheta(size_t(J), F(0)), da(size_t(J), F(0)), drho(size_t(J), F(0));
    F *das[] = {da.data()}, *drhos[] = {drho.data()};
    const double numbers[4] = {0.5, 0.5, 0.15, 6.0};
    for (const F* of_spikes : {dz.data(), static_cast<const F*>(nullptr)})
        hetsyn::late_scan_gradients<F>(v.data(), z.data(), of_spikes, dz.data(), paths, delay.data(), theta.data(), {1, numbers},
                                       {d.data(), dtheta.data(), das, drhos}, T, B, J, threads);
    for (const F& value : d) expect(hetsyn::finite(value), "late d", T, B, J, J);
}

// Shared decays at three nodes whose coefficients are what they are: against the same sums, state by state.
template <class F> void expansions(int64_t T, int64_t B, int64_t I, int64_t J, double share, bool equal, int threads) {
    const auto x = equal ? random<F>(T * B * I, 1, 1, share) : random<F>(T * B * I, -1, 1, share), w = random<F>(J * I, -1, 1), g = random<F>(T * B * J, -1, 1);
    std::vector<F> v(size_t(T * B * J)), dw(w.size()), drho(w.size());
    const double shared[3] = {0.5, 0.8, 0.9}, decays[5] = {0.5, 0.8, 0.9, 0.0, 1.0};
    double u[3], weights[3] = {1, 1, 1};
    for (int k = 0; k < 3; k++) u[k] = -std::log(-std::log(shared[k]));
    for (int k = 0; k < 3; k++)
        for (int l = 0; l < 3; l++)
            if (l != k) weights[k] /= u[k] - u[l];
    std::vector<F> rho(w.size()); // every decay is a node
    for (size_t k = 0; k < rho.size(); k++) rho[k] = F(decays[k % 5]);
    const hetsyn::Nodes forward{shared, u, weights, 1, 0, 1e-9, 1 - 1e-9, 3, 1, 1, 0}, backward{shared, u, weights, 1, 0, 1e-9, 1 - 1e-9, 3, 1, 1, 1};
    std::vector<uint64_t> bits(size_t(T * B * ((I + 63) / 64) + 1));
    const int status = hetsyn::expanded_filter<F>(x.data(), w.data(), rho.data(), forward, v.data(), bits.data(), {T, B, I, J}, threads);
    expect(status == hetsyn::COMPLETE, "status of expansion", T, B, I, J);
    for (int64_t b = 0; b < B; b++)
        for (int64_t j = 0; j < J; j++) {
            std::vector<double> state(size_t(I), 0.0);
            for (int64_t t = 0; t < T; t++) {
                double sum = 0;
                for (int64_t i = 0; i < I; i++) {
                    double& s = state[size_t(i)];
                    s = s * rho[size_t(j * I + i)] + double(w[size_t(j * I + i)]) * x[size_t((t * B + b) * I + i)];
                    sum += s;
                }
                // a decay of 1 forgets nothing: a sum of T terms, each rounded as the sum so far
                expect(near(v[size_t((t * B + b) * J + j)], sum, double(I) + std::abs(sum)), "expanded v", T, B, I, J);
            }
        }
    double out = 0, by_w = 0;
    for (size_t k = 0; k < v.size(); k++) out += double(g[k]) * v[k];
    for (const bool marked : {true, false}) {
        hetsyn::expanded_gradients<F>(g.data(), x.data(), w.data(), rho.data(), backward, bits.data(), marked, dw.data(), drho.data(), {T, B, I, J}, threads);
        by_w = 0;
        for (size_t k = 0; k < w.size(); k++) by_w += double(dw[k]) * w[k];
        expect(near(F(out - by_w), 0.0, double(v.size() * size_t(I)) + std::abs(out)), "expanded dw", T, B, I, J);
        for (const F& value : drho) expect(hetsyn::finite(value), "expanded drho", T, B, I, J);
    }
    if (I != J) return;
    std::vector<F> z(v.size()), d(v.size(), F(0.5));
    const F *ws[] = {w.data()}, *rhos[] = {rho.data()}, *as[] = {d.data()}, *fades[] = {d.data()};
    hetsyn::expanded_scan<F>(g.data(), d.data(), {1, 1, 1, ws, rhos, ws, fades, as, fades}, &forward, z.data(), v.data(), T, B, J, threads);
    for (size_t k = 0; k < z.size(); k++) expect((z[k] == F(1)) == (v[k] > F(0.5)), "expanded z", T, B, J, J);
}

// With as many recurrent paths of both kinds as resets, or with resets alone.
template <class F> void scans(int64_t T, int64_t B, int64_t J, int64_t n_paths, bool recurrent, int threads) {
    const auto v_in = random<F>(T * B * J, -1, 2), theta = random<F>(J, 0.5, 1), w = random<F>(J * J, -0.2, 0.2), rho = random<F>(J * J, 0, 1),
               a = random<F>(J, -1, 0), decay = random<F>(J, 0, 1), dz = random<F>(T * B * J, -1, 1);
    std::vector<F> z(v_in.size()), v(v_in.size()), d(v_in.size()), dtheta(size_t(J), F(0));
    std::vector<std::vector<F>> sums(size_t(2 * n_paths), std::vector<F>(static_cast<size_t>(J)));
    const std::vector<const F*> ws(size_t(n_paths), w.data()), rhos(size_t(n_paths), rho.data()), as(size_t(n_paths), a.data()),
        decays(size_t(n_paths), decay.data());
    std::vector<F*> das, drhos;
    for (int64_t p = 0; p < n_paths; p++) das.push_back(sums[size_t(2 * p)].data()), drhos.push_back(sums[size_t(2 * p + 1)].data());
    const int64_t n_recurrent = recurrent ? n_paths : 0;
    const hetsyn::ScanPaths<F> paths{n_recurrent, n_recurrent, n_paths, ws.data(), rhos.data(), ws.data(), decays.data(), as.data(), decays.data()};
    hetsyn::scan_forward<F>(v_in.data(), theta.data(), paths, z.data(), v.data(), T, B, J, threads);
    for (size_t k = 0; k < z.size(); k++) expect((z[k] == F(1)) == (v[k] > theta[k % size_t(J)]), "z", T, B, J, J);
    const double numbers[4] = {0.5, 0.5, 0.15, 6.0};
    for (int surrogate = 0; surrogate < 5; surrogate++)
        hetsyn::scan_backward<F>(v.data(), z.data(), surrogate ? dz.data() : nullptr, surrogate % 2 ? dz.data() : nullptr, paths, theta.data(),
                                 {surrogate, numbers}, {d.data(), dtheta.data(), das.data(), drhos.data()}, T, B, J, threads);
    for (const F& value : d) expect(hetsyn::finite(value), "d", T, B, J, J);
}

template <class F> void all() {
    for (const int64_t T : {1, 2, 17, 256, 257, 600})
        for (const int64_t B : {1, 3, 9})
            for (const int64_t I : {1, 2, 5, 33, 70})
                for (const int64_t J : {1, 7, 16, 33}) {
                    if (T * B * I * J > 600000) continue;
                    for (const double share : {0.0, 0.03, 1.0}) filters<F>(T, B, I, J, share, 1 + int(I % 3));
                    for (const double share : {0.0, 0.03, 1.0}) expansions<F>(T, B, I, J, share, J % 2 == 1, 1 + int(I % 3));
                    for (const double longest : {0.0, 5.0, 300.0}) late<F>(T, B, I, J, 0.1, longest, J % 2 == 1, 1 + int(I % 3));
                }
    for (const int64_t T : {1, 2, 16, 17, 50})
        for (const int64_t B : {1, 3, 9, 14})
            for (const int64_t J : {1, 7, 33, 70})
                for (const int64_t n : {0, 1, 2}) {
                    for (const bool recurrent : {false, true}) scans<F>(T, B, J, n, recurrent, 1 + int(J % 3));
                    late_scans<F>(T, B, J, 10.0 * double(n), 1 + int(J % 3));
                }
    filters<F>(300, 9, 70, 66, 0.02, 3); // enough work for several threads
    for (const bool equal : {false, true}) late<F>(300, 9, 70, 66, 0.02, 20.0, equal, 3);
    for (const bool recurrent : {false, true}) scans<F>(300, 9, 70, 1, recurrent, 3);
    filters<F>(300, 40, 700, 1, 0.02, 3);
    expansions<F>(300, 40, 66, 66, 0.05, true, 3);
}

} // namespace

int main() {
    all<float>();
    all<double>();
    std::printf("%s\n", failures ? "FAILED" : "clean");
    return failures != 0;
}
