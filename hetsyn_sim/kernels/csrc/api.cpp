// The C interface. Arrays are contiguous, time first; nothing is kept between calls. hetsyn_sim/kernels/library.py declares the same.
#include "expansion_filter.hpp"
#include "filter_backward.hpp"
#include "leaky.hpp"
#include "scan_backward.hpp"
#include "scan_forward.hpp"

#define HETSYN_EXPORT extern "C" __attribute__((visibility("default")))

namespace hetsyn {
namespace {

// What a call returns.
enum Status : int { complete = 0, out_of_memory = 1, input_not_finite = 2 };

template <typename Call>
int guarded(const Call& call) {
    try {
        return call();
    } catch (const std::bad_alloc&) {
        return out_of_memory;
    }
}

template <typename T>
Blocks<T> sources(const T* w, FilterShape s) {
    return Blocks<T>(s.n_pre, s.n_post, [=](long i, long j) { return w[j * s.n_pre + i]; });
}

template <typename T>
Blocks<T> targets(const T* w, FilterShape s) {
    return Blocks<T>(s.n_post, s.n_pre, [=](long j, long i) { return w[j * s.n_pre + i]; });
}

template <typename T>
bool all_finite(const T* x, long n) {
    T sum = 0;  // x - x is 0, or NaN for NaN and infinity
    for (long k = 0; k < n; ++k) sum += x[k] - x[k];
    return sum == T(0);
}

template <typename T>
int filter(const T* x, const T* w, const T* rho, T* v, FilterShape s, int n_threads) {
    const Blocks<T> weights = sources(w, s), decays = sources(rho, s);
    const long n_rows = s.n_steps * s.n_batch;
    if (is_busy(x, n_rows, s.n_pre)) {
        if (!all_finite(x, n_rows * s.n_pre)) return input_not_finite;
        return filter_dense(x, weights, decays, v, s, n_threads) ? complete : out_of_memory;
    }
    std::vector<Slice<T>> slices;
    std::atomic<bool> finite{true};
    if (!find_all_events(x, s.n_steps, s.n_batch, s.n_pre, n_threads, slices, finite)) return out_of_memory;
    if (!finite) return input_not_finite;
    return filter_events(slices, weights, decays, v, s, n_threads) ? complete : out_of_memory;
}

// dx may be null, and dw with drho.
template <typename T>
int filter_adjoint(const T* g, const T* x, const T* w, const T* rho, T* dx, T* dw, T* drho, FilterShape s, int n_threads) {
    if (dx && !gradient_of_input(g, targets(w, s), targets(rho, s), dx, s, n_threads)) return out_of_memory;
    if (!dw) return complete;
    const Blocks<T> weights = sources(w, s), decays = sources(rho, s);
    if (is_busy(x, s.n_steps * s.n_batch, s.n_pre))
        return gradients_dense(x, g, weights, decays, dw, drho, s, n_threads) ? complete : out_of_memory;
    std::vector<Slice<T>> slices;
    std::atomic<bool> finite{true};
    if (!find_all_events(x, s.n_steps, s.n_batch, s.n_pre, n_threads, slices, finite)) return out_of_memory;
    return gradients_events(slices, g, weights, decays, dw, drho, s, n_threads) ? complete : out_of_memory;
}

// Through shared decays, or exactly where that is less work.
template <typename T>
int expanded_filter(const T* x, const T* w, const T* rho, const double* u, const Nodes& nodes, T* v, FilterShape s, int n_threads) {
    if (!is_worth_expanding(x, nodes.count(), s)) return filter(x, w, rho, v, s, n_threads);
    std::vector<StepEvents<T>> events;
    std::atomic<bool> finite{true};
    if (!find_step_events(x, s, n_threads, events, finite)) return out_of_memory;
    if (!finite) return input_not_finite;
    return expanded_forward(events, nodes, u, w, v, s, n_threads) ? complete : out_of_memory;
}

template <typename T>
int expanded_gradients(const T* g, const T* x, const T* w, const T* rho, const double* u, const T* scale, const Nodes& nodes, T* dw, T* drho,
                       FilterShape s, int n_threads) {
    if (!is_worth_expanding(x, nodes.count(), s)) return filter_adjoint<T>(g, x, w, rho, nullptr, dw, drho, s, n_threads);
    std::vector<StepEvents<T>> events;
    std::atomic<bool> finite{true};
    if (!find_step_events(x, s, n_threads, events, finite)) return out_of_memory;
    return expanded_backward(events, nodes, u, scale, g, dw, drho, s, n_threads) ? complete : out_of_memory;
}

}  // namespace
}  // namespace hetsyn

// Raised with every change of a signature: a library from another build is refused.
HETSYN_EXPORT int hetsyn_abi() { return 2; }

// 2: AVX-512, 1: AVX2 with FMA, 0: neither. What the processor has, whatever this library was built for.
HETSYN_EXPORT int hetsyn_processor_level() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) return 2;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 1;
#endif
    return 0;
}

#define HETSYN_FUNCTIONS(T, SUFFIX)                                                                                                        \
    HETSYN_EXPORT int hetsyn_filter_##SUFFIX(                                                                                              \
        const T* x, const T* w, const T* rho, T* v, long n_steps, long n_batch, long n_pre, long n_post, int n_threads) {                  \
        return hetsyn::guarded([&] { return hetsyn::filter<T>(x, w, rho, v, {n_steps, n_batch, n_pre, n_post}, n_threads); });             \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_filter_backward_##SUFFIX(                                                                                     \
        const T* g, const T* x, const T* w, const T* rho, T* dx, T* dw, T* drho, long n_steps, long n_batch, long n_pre, long n_post,      \
        int n_threads) {                                                                                                                   \
        return hetsyn::guarded([&] {                                                                                                       \
            return hetsyn::filter_adjoint<T>(g, x, w, rho, dx, dw, drho, {n_steps, n_batch, n_pre, n_post}, n_threads);                    \
        });                                                                                                                                \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_expanded_filter_##SUFFIX(                                                                                     \
        const T* x, const T* w, const T* rho, const double* u, const hetsyn::Nodes* nodes, T* v, long n_steps, long n_batch, long n_pre,   \
        long n_post, int n_threads) {                                                                                                      \
        return hetsyn::guarded([&] {                                                                                                       \
            return hetsyn::expanded_filter<T>(x, w, rho, u, *nodes, v, {n_steps, n_batch, n_pre, n_post}, n_threads);                      \
        });                                                                                                                                \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_expanded_gradients_##SUFFIX(                                                                                  \
        const T* g, const T* x, const T* w, const T* rho, const double* u, const T* scale, const hetsyn::Nodes* nodes, T* dw, T* drho,     \
        long n_steps, long n_batch, long n_pre, long n_post, int n_threads) {                                                              \
        return hetsyn::guarded([&] {                                                                                                       \
            return hetsyn::expanded_gradients<T>(g, x, w, rho, u, scale, *nodes, dw, drho, {n_steps, n_batch, n_pre, n_post}, n_threads);  \
        });                                                                                                                                \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_scan_##SUFFIX(                                                                                                \
        const T* v_in, const hetsyn::ScanPaths<T>* paths, const T* theta, T* z, T* v, long n_steps, long n_batch, long n,                  \
        int n_threads) {                                                                                                                   \
        return hetsyn::guarded([&] {                                                                                                       \
            const bool done = hetsyn::scan_forward<T>(v_in, *paths, theta, z, v, n_steps, n_batch, n, n_threads);                          \
            return done ? hetsyn::complete : hetsyn::out_of_memory;                                                                        \
        });                                                                                                                                \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_scan_backward_##SUFFIX(                                                                                       \
        const T* v, const T* z, const T* dz, const T* dv, const hetsyn::ScanPaths<T>* paths, const T* theta, int surrogate,                \
        const double* settings, const hetsyn::ScanGradients<T>* out, long n_steps, long n_batch, long n, int n_threads) {                  \
        return hetsyn::guarded([&] {                                                                                                       \
            const hetsyn::Surrogate<T> pseudo(hetsyn::SurrogateKind(surrogate), settings);                                                 \
            const bool done =                                                                                                              \
                hetsyn::scan_backward<T>(v, z, dz, dv, *paths, theta, pseudo, *out, n_steps, n_batch, n, n_threads);                       \
            return done ? hetsyn::complete : hetsyn::out_of_memory;                                                                        \
        });                                                                                                                                \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_leaky_##SUFFIX(                                                                                               \
        const T* in, const T* decay, T* out, long n_steps, long n_batch, long n, int reversed, int n_threads) {                            \
        return hetsyn::guarded([&] {                                                                                                       \
            const bool done = hetsyn::leaky_scan<T>(in, decay, out, n_steps, n_batch, n, reversed != 0, n_threads);                        \
            return done ? hetsyn::complete : hetsyn::out_of_memory;                                                                        \
        });                                                                                                                                \
    }

HETSYN_FUNCTIONS(float, f32)
HETSYN_FUNCTIONS(double, f64)
