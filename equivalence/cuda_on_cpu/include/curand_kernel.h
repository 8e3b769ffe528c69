// The threads' random numbers, with the C++ library's generator.
#pragma once
#include "curand.h"

struct curandState {
    std::mt19937_64 generator;
};
inline void curand_init(unsigned long long seed, unsigned long long sequence, unsigned long long, curandState* state) {
    std::seed_seq all{seed, sequence};
    new (state) curandState{std::mt19937_64(all)};
}
inline double curand_uniform_double(curandState* s) { return std::uniform_real_distribution<double>()(s->generator); }
inline double curand_normal_double(curandState* s) { return std::normal_distribution<double>()(s->generator); }
inline float curand_uniform(curandState* s) { return std::uniform_real_distribution<float>()(s->generator); }
inline float curand_normal(curandState* s) { return std::normal_distribution<float>()(s->generator); }
inline unsigned curand_poisson(curandState* s, double mean) { return std::poisson_distribution<unsigned>(mean)(s->generator); }
inline unsigned curand(curandState* s) { return static_cast<unsigned>(s->generator()); }
