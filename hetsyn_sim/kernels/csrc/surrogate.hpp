// Pseudo-derivatives of a spike with respect to v - theta, as in hetsyn_sim/training/surrogates.py.
#pragma once

#include "simd.hpp"

namespace hetsyn {

enum class SurrogateKind : int { triangular = 0, multi_gaussian = 1, arctan = 2, slayer = 3, fast_sigmoid = 4 };

template <typename T>
inline vec<T> absolute(vec<T> x) {
    return x < vec<T>{} ? -x : x;
}

template <typename T>
class Surrogate {
public:
    // settings in the order in which the Python class declares them
    Surrogate(SurrogateKind kind, const double* settings) : kind_(kind) {
        for (int k = 0; k < 4; ++k) p_[k] = T(settings[k]);
        constexpr double root_two_pi = 2.50662827463100050242, pi = 3.14159265358979323846;
        if (kind == SurrogateKind::multi_gaussian) {
            const double gamma = settings[0], sd = settings[1], height = settings[2], wide = settings[3] * sd;
            peak_ = T(gamma * (1 + height) / (sd * root_two_pi));
            side_ = T(gamma * height / (wide * root_two_pi));
            narrow_ = T(-0.5 / (sd * sd));
            broad_ = T(-0.5 / (wide * wide));
        }
        half_pi_alpha_ = T(0.5 * pi * settings[0]);
    }

    vec<T> operator()(vec<T> distance, vec<T> theta) const {
        switch (kind_) {
            case SurrogateKind::triangular: {
                const vec<T> tent = T(1) - absolute<T>(distance / (p_[1] * theta));
                return p_[0] * (tent > vec<T>{} ? tent : vec<T>{});
            }
            case SurrogateKind::multi_gaussian: {
                const vec<T> right = distance - p_[1], left = distance + p_[1];
                return peak_ * exp_of_negative<T>(narrow_ * distance * distance) -
                       side_ * (exp_of_negative<T>(broad_ * right * right) + exp_of_negative<T>(broad_ * left * left));
            }
            case SurrogateKind::arctan: {
                const vec<T> slope = half_pi_alpha_ * distance;
                return (T(0.5) * p_[0]) / (T(1) + slope * slope);
            }
            case SurrogateKind::slayer:
                return (T(0.5) * p_[1] * p_[0]) * exp_of_negative<T>(-p_[0] * absolute<T>(distance));
            default: {
                const vec<T> base = T(1) + p_[0] * absolute<T>(distance);
                return T(1) / (base * base);
            }
        }
    }

private:
    SurrogateKind kind_;
    T p_[4], peak_ = 0, side_ = 0, narrow_ = 0, broad_ = 0, half_pi_alpha_ = 0;
};

}  // namespace hetsyn
