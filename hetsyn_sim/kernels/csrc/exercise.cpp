// Calls every kernel with arrays of exactly the size it may touch, at sizes that fit no vector, piece or chunk. Built with sanitizers
// (`make sanitize`) it finds what reads or writes elsewhere; it exits with 1 if a kernel fails or if numbers are not finite.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "api.cpp"

namespace {

std::mt19937 generator(0);

template <typename T>
std::vector<T> random_numbers(long n, double low, double high) {
    std::vector<T> out(static_cast<size_t>(n));
    std::uniform_real_distribution<double> uniform(low, high);
    for (auto& value : out) value = T(uniform(generator));
    return out;
}

template <typename T>
std::vector<T> random_events(long n, double rate) {
    std::vector<T> out(size_t(n), T(0));
    std::bernoulli_distribution spikes(rate);
    for (auto& value : out) value = spikes(generator) ? T(1) : T(0);
    return out;
}

template <typename T>
bool finite(const std::vector<T>& values) {
    return std::all_of(values.begin(), values.end(), [](T value) { return std::isfinite(value); });
}

// The two names of every function as one.
#define HETSYN_BOTH(NAME)                                                                                     \
    template <typename T, typename... Arguments>                                                              \
    bool NAME(Arguments... arguments) {                                                                       \
        if constexpr (sizeof(T) == 4)                                                                         \
            return hetsyn_##NAME##_f32(arguments...) == 0;                                                    \
        else                                                                                                  \
            return hetsyn_##NAME##_f64(arguments...) == 0;                                                    \
    }
HETSYN_BOTH(filter)
HETSYN_BOTH(filter_backward)
HETSYN_BOTH(leaky)
HETSYN_BOTH(scan)
HETSYN_BOTH(scan_backward)

template <typename T>
bool filters(long n_steps, long n_batch, long n_pre, long n_post, double rate, int n_threads) {
    const auto x = random_events<T>(n_steps * n_batch * n_pre, rate), g = random_numbers<T>(n_steps * n_batch * n_post, -1, 1);
    const auto w = random_numbers<T>(n_post * n_pre, -1, 1), rho = random_numbers<T>(n_post * n_pre, 0, 1);
    std::vector<T> v(g.size()), dx(x.size()), dw(w.size()), drho(w.size());
    bool fine = filter<T>(x.data(), w.data(), rho.data(), v.data(), n_steps, n_batch, n_pre, n_post, n_threads);
    fine &= filter_backward<T>(
        g.data(), x.data(), w.data(), rho.data(), dx.data(), dw.data(), drho.data(), n_steps, n_batch, n_pre, n_post, n_threads);
    return fine && finite(v) && finite(dx) && finite(dw) && finite(drho);
}

template <typename T>
bool scans(long n_steps, long n_batch, long n, int surrogate, int n_threads) {
    const long size = n_steps * n_batch * n;
    const auto v_in = random_numbers<T>(size, -1, 2), dz = random_numbers<T>(size, -1, 1), dv = random_numbers<T>(size, -1, 1);
    const auto w = random_numbers<T>(n * n, -0.5, 0.5), rho = random_numbers<T>(n * n, 0, 1);
    const auto one = random_numbers<T>(n, 0.1, 0.9), theta = random_numbers<T>(n, 0.5, 1);
    const T *ws[] = {w.data()}, *rhos[] = {rho.data()}, *ones[] = {one.data()};
    const hetsyn::ScanPaths<T> paths{1, 1, 1, ws, rhos, ws, ones, ones, ones};
    std::vector<T> z(v_in.size()), v(v_in.size()), d(v_in.size()), sums[3] = {one, one, one};
    T *a_out[] = {sums[1].data()}, *rho_out[] = {sums[2].data()};
    const double settings[4] = {0.5, 0.5, 0.15, 6.0};
    const hetsyn::ScanGradients<T> out{d.data(), sums[0].data(), a_out, rho_out};
    bool fine = scan<T>(v_in.data(), &paths, theta.data(), z.data(), v.data(), n_steps, n_batch, n, n_threads);
    fine &= scan_backward<T>(
        v.data(), z.data(), dz.data(), dv.data(), &paths, theta.data(), surrogate, settings, &out, n_steps, n_batch, n, n_threads);
    fine &= leaky<T>(v_in.data(), one.data(), v.data(), n_steps, n_batch, n, surrogate % 2, n_threads);
    return fine && finite(v);  // gradients through a chaotic recurrence may well overflow
}

template <typename T>
bool exercise() {
    bool fine = true;
    for (long n_steps : {1L, 15L, 33L, 257L, 600L})
        for (long n_batch : {1L, 3L, 6L})
            for (long n_pre : {1L, 5L, 70L})
                for (long n_post : {1L, 17L, 40L})
                    for (double rate : {0.0, 0.02, 0.5}) fine &= filters<T>(n_steps, n_batch, n_pre, n_post, rate, int(n_steps % 3) + 1);
    for (long n_steps : {1L, 2L, 16L, 35L})
        for (long n_batch : {1L, 4L, 7L})
            for (long n : {1L, 9L, 33L})
                for (int surrogate = 0; surrogate < 5; ++surrogate) fine &= scans<T>(n_steps, n_batch, n, surrogate, int(n_batch % 3) + 1);
    return fine;
}

}  // namespace

int main() {
    const bool fine = exercise<float>() && exercise<double>();
    std::puts(fine ? "every kernel ran clean" : "a kernel failed");
    return fine ? 0 : 1;
}
