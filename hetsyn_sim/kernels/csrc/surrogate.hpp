// The pseudo-derivative of a spike with respect to v - theta, for a vector of neurons. The formulas are training/surrogates.py's.
#pragma once
#include "vec.hpp"

namespace hetsyn {

struct Surrogate {
    int kind; // the order of SURROGATE_KERNELS in hetsyn_sim/kernels/fused.py
    const double* numbers;
};

template <class V> inline V magnitude(V x) { return x < V{} ? -x : x; }

// Calls task with the pseudo-derivative as a function of v - theta and theta.
template <class F, class Task> void with_formula(const Surrogate& surrogate, const Task& task) {
    using V = typename Lanes<F>::V;
    const double* p = surrogate.numbers;
    constexpr double PI = 3.14159265358979323846;
    const F zero = 0, one = 1;
    switch (surrogate.kind) {
    case 0: { // triangular: gamma, zeta
        const F gamma = F(p[0]), zeta = F(p[1]);
        return task([=](V x, V threshold) {
            const V height = one - magnitude<V>(x / (zeta * threshold));
            return V(height < zero ? V{} : gamma * height);
        });
    }
    case 1: { // three Gaussians: gamma, sd, height, scale
        const double sd = p[1], wide = p[3] * p[1], norm = std::sqrt(2.0 * PI);
        const F middle = F(p[0] * (1.0 + p[2]) / (sd * norm)), side = F(-p[0] * p[2] / (wide * norm));
        const F narrow2 = F(-0.5 / (sd * sd)), wide2 = F(-0.5 / (wide * wide)), shift = F(sd);
        return task([=](V x, V) {
            const V up = x - shift, down = x + shift;
            return V(middle * exp_negative<F>(narrow2 * x * x) +
                     side * (exp_negative<F>(wide2 * up * up) + exp_negative<F>(wide2 * down * down)));
        });
    }
    case 2: { // arctan: alpha
        const F half = F(0.5 * p[0]), slope = F(0.5 * PI * p[0]);
        return task([=](V x, V) { return V(half / (one + slope * x * (slope * x))); });
    }
    case 3: { // SLAYER: alpha, c
        const F top = F(0.5 * p[1] * p[0]), minus_alpha = F(-p[0]);
        return task([=](V x, V) { return V(top * exp_negative<F>(minus_alpha * magnitude<V>(x))); });
    }
    default: { // fast sigmoid: slope
        const F slope = F(p[0]);
        return task([=](V x, V) {
            const V root = one + slope * magnitude<V>(x);
            return V(one / (root * root));
        });
    }
    }
}

} // namespace hetsyn
