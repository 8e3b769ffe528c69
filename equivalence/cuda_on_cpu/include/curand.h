// The host's random numbers, with the C++ library's generator: another sequence than cuRAND's, of the same distributions.
#ifndef CURAND_H_
#define CURAND_H_
#include <cstddef>
#include <random>

enum curandStatus_t {
    CURAND_STATUS_SUCCESS = 0,
    CURAND_STATUS_VERSION_MISMATCH = 100,
    CURAND_STATUS_NOT_INITIALIZED = 101,
    CURAND_STATUS_ALLOCATION_FAILED = 102,
    CURAND_STATUS_TYPE_ERROR = 103,
    CURAND_STATUS_OUT_OF_RANGE = 104,
    CURAND_STATUS_LENGTH_NOT_MULTIPLE = 105,
    CURAND_STATUS_DOUBLE_PRECISION_REQUIRED = 106,
    CURAND_STATUS_LAUNCH_FAILURE = 201,
    CURAND_STATUS_PREEXISTING_FAILURE = 202,
    CURAND_STATUS_INITIALIZATION_FAILED = 203,
    CURAND_STATUS_ARCH_MISMATCH = 204,
    CURAND_STATUS_INTERNAL_ERROR = 999
};
enum curandRngType_t { CURAND_RNG_PSEUDO_DEFAULT = 100 };
typedef std::mt19937_64* curandGenerator_t;

inline curandStatus_t curandCreateGenerator(curandGenerator_t* generator, curandRngType_t) {
    *generator = new std::mt19937_64;
    return CURAND_STATUS_SUCCESS;
}
inline curandStatus_t curandDestroyGenerator(curandGenerator_t generator) {
    delete generator;
    return CURAND_STATUS_SUCCESS;
}
inline curandStatus_t curandSetPseudoRandomGeneratorSeed(curandGenerator_t generator, unsigned long long seed) {
    generator->seed(seed);
    return CURAND_STATUS_SUCCESS;
}
inline curandStatus_t curandSetGeneratorOffset(curandGenerator_t, unsigned long long) { return CURAND_STATUS_SUCCESS; }
template <typename Number, typename Distribution>
curandStatus_t shim_generate(curandGenerator_t generator, Number* out, std::size_t n, Distribution distribution) {
    for (std::size_t k = 0; k < n; k++) out[k] = distribution(*generator);
    return CURAND_STATUS_SUCCESS;
}
inline curandStatus_t curandGenerateUniform(curandGenerator_t g, float* out, std::size_t n) {
    return shim_generate(g, out, n, std::uniform_real_distribution<float>());
}
inline curandStatus_t curandGenerateUniformDouble(curandGenerator_t g, double* out, std::size_t n) {
    return shim_generate(g, out, n, std::uniform_real_distribution<double>());
}
inline curandStatus_t curandGenerateNormal(curandGenerator_t g, float* out, std::size_t n, float mean, float sd) {
    return shim_generate(g, out, n, std::normal_distribution<float>(mean, sd));
}
inline curandStatus_t curandGenerateNormalDouble(curandGenerator_t g, double* out, std::size_t n, double mean, double sd) {
    return shim_generate(g, out, n, std::normal_distribution<double>(mean, sd));
}
inline curandStatus_t curandGeneratePoisson(curandGenerator_t g, unsigned* out, std::size_t n, double mean) {
    return shim_generate(g, out, n, std::poisson_distribution<unsigned>(mean));
}
#endif
