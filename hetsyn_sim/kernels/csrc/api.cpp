// The C interface. Arrays are contiguous, time first; nothing is kept between calls. hetsyn_sim/kernels/library.py declares the same.
#include "expansion_scan.hpp"
#include "filter_ops.hpp"
#include "late_ops.hpp"
#include "late_scan.hpp"
#include "scan_backward.hpp"
#include "scan_forward.hpp"

#define HETSYN_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

// No exception leaves the library.
template <class Call> int guarded(const Call& call) {
    try {
        return call();
    } catch (...) {
        return hetsyn::OUT_OF_MEMORY;
    }
}

} // namespace

// Raised with every change of a signature: a library from another build is refused.
HETSYN_EXPORT int hetsyn_abi() { return 5; }

// 2: AVX-512, 1: AVX2 with FMA, 0: neither. What the processor has, whatever this library was built for.
HETSYN_EXPORT int hetsyn_processor_level() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi");
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return 2;
    if (avx2) return 1;
#endif
    return 0;
}

// Where torch's OpenMP runtime is (team.hpp).
HETSYN_EXPORT void hetsyn_use_openmp(void* parallel, void* team_size) {
    hetsyn::openmp().parallel = reinterpret_cast<decltype(hetsyn::OpenMP::parallel)>(parallel);
    hetsyn::openmp().team_size = reinterpret_cast<decltype(hetsyn::OpenMP::team_size)>(team_size);
}

#define HETSYN_FUNCTIONS(F, SUFFIX)                                                                                                        \
    HETSYN_EXPORT int hetsyn_filter_##SUFFIX(const F* x, const F* w, const F* rho, F* v, int64_t T, int64_t B, int64_t I, int64_t J,       \
                                             int threads) {                                                                                \
        return guarded([&] { return hetsyn::filter_forward<F>(x, w, rho, v, T, B, I, J, threads); });                                      \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_filter_backward_##SUFFIX(const F* g, const F* x, const F* w, const F* rho, F* dx, F* dw, F* drho, int64_t T,  \
                                                      int64_t B, int64_t I, int64_t J, int threads) {                                      \
        return guarded([&] { return hetsyn::filter_backward<F>(g, x, w, rho, dx, dw, drho, T, B, I, J, threads); });                       \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_late_filter_##SUFFIX(const F* x, const F* w, const F* rho, const F* delay, F* v, int64_t T, int64_t B,        \
                                                  int64_t I, int64_t J, int threads) {                                                     \
        return guarded([&] { return hetsyn::late_forward<F>(x, w, rho, delay, v, T, B, I, J, threads); });                                 \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_late_filter_backward_##SUFFIX(const F* g, const F* x, const F* w, const F* rho, const F* delay, F* dx, F* dw,  \
                                                           F* drho, F* ddelay, int64_t T, int64_t B, int64_t I, int64_t J, int threads) {  \
        return guarded([&] { return hetsyn::late_backward<F>(g, x, w, rho, delay, dx, dw, drho, ddelay, T, B, I, J, threads); });          \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_late_scan_##SUFFIX(const F* v_in, const hetsyn::ScanPaths<F>* paths, const F* delay, const F* theta, F* z, F* v, \
                                                int64_t T, int64_t B, int64_t J, int threads) {                                            \
        return guarded([&] { return hetsyn::late_scan<F>(v_in, *paths, delay, theta, z, v, T, B, J, threads); });                          \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_late_scan_gradients_##SUFFIX(const F* v, const F* z, const F* dz, const F* dv, const hetsyn::ScanPaths<F>* paths, \
                                                          const F* delay, const F* theta, int surrogate, const double* numbers,            \
                                                          const hetsyn::ScanGradients<F>* out, int64_t T, int64_t B, int64_t J,            \
                                                          int threads) {                                                                   \
        return guarded([&] {                                                                                                               \
            return hetsyn::late_scan_gradients<F>(v, z, dz, dv, *paths, delay, theta, {surrogate, numbers}, *out, T, B, J, threads);       \
        });                                                                                                                                \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_expanded_filter_##SUFFIX(const F* x, const F* w, const F* rho, const hetsyn::Nodes* nodes, F* v, uint64_t* bits,\
                                                      int64_t T, int64_t B, int64_t I, int64_t J, int threads) {                           \
        return guarded([&] { return hetsyn::expanded_filter<F>(x, w, rho, *nodes, v, bits, {T, B, I, J}, threads); });                     \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_expanded_gradients_##SUFFIX(const F* g, const F* x, const F* w, const F* rho, const hetsyn::Nodes* nodes,     \
                                                         uint64_t* bits, int marked, F* dw, F* drho, int64_t T, int64_t B, int64_t I,      \
                                                         int64_t J, int threads) {                                                         \
        return guarded([&] {                                                                                                               \
            return hetsyn::expanded_gradients<F>(g, x, w, rho, *nodes, bits, marked != 0, dw, drho, {T, B, I, J}, threads);                \
        });                                                                                                                                \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_expanded_scan_##SUFFIX(const F* v_in, const hetsyn::ScanPaths<F>* paths, const hetsyn::Nodes* nodes, const F* theta,\
                                                    F* z, F* v, int64_t T, int64_t B, int64_t J, int threads) {                            \
        return guarded([&] { return hetsyn::expanded_scan<F>(v_in, theta, *paths, nodes, z, v, T, B, J, threads); });                      \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_leaky_##SUFFIX(const F* drive, const F* decay, F* out, int64_t T, int64_t B, int64_t J, int reverse,          \
                                            int threads) {                                                                                 \
        return guarded([&] { return hetsyn::leaky<F>(drive, decay, out, T, B, J, reverse, threads); });                                    \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_scan_##SUFFIX(const F* v_in, const hetsyn::ScanPaths<F>* paths, const F* theta, F* z, F* v, int64_t T,        \
                                           int64_t B, int64_t J, int threads) {                                                            \
        return guarded([&] { return hetsyn::scan_forward<F>(v_in, theta, *paths, z, v, T, B, J, threads); });                              \
    }                                                                                                                                      \
    HETSYN_EXPORT int hetsyn_scan_backward_##SUFFIX(const F* v, const F* z, const F* dz, const F* dv, const hetsyn::ScanPaths<F>* paths,   \
                                                    const F* theta, int surrogate, const double* numbers,                                  \
                                                    const hetsyn::ScanGradients<F>* out, int64_t T, int64_t B, int64_t J, int threads) {   \
        return guarded([&] { return hetsyn::scan_backward<F>(v, z, dz, dv, *paths, theta, {surrogate, numbers}, *out, T, B, J, threads); });\
    }

HETSYN_FUNCTIONS(float, f32)
HETSYN_FUNCTIONS(double, f64)
