// Elementary functions of vectors: the common ones by polynomials, to about two units in the last place; the others by the C library, number
// by number. NaN and infinities go through as in the C library; results below the smallest normal number are 0.
#pragma once
#include "vec.hpp"

namespace hetsyn {

// Inlined even where there are many: independent ones then overlap, and no register is saved around them.
#define HETSYN_INLINE inline __attribute__((always_inline))

template <class F> using Vec = typename Lanes<F>::V;
template <class F> using Mask = typename Lanes<F>::I;

template <class F, class Function> inline Vec<F> one_by_one(Vec<F> x, const Function& function) {
    F numbers[Lanes<F>::N];
    std::memcpy(numbers, &x, sizeof x);
    for (F& number : numbers) number = function(number);
    std::memcpy(&x, numbers, sizeof x);
    return x;
}
template <class F, class Function> inline Vec<F> one_by_one(Vec<F> x, Vec<F> y, const Function& function) {
    F numbers[Lanes<F>::N], others[Lanes<F>::N];
    std::memcpy(numbers, &x, sizeof x);
    std::memcpy(others, &y, sizeof y);
    for (int k = 0; k < Lanes<F>::N; k++) numbers[k] = function(numbers[k], others[k]);
    std::memcpy(&x, numbers, sizeof x);
    return x;
}

// x = n ln 2 + r with |r| <= ln(2)/2, and e^r - 1 as the sum of r and what this leaves.
template <class F> struct Reduced {
    Vec<F> n, r, rest;
    Vec<F> lost; // what r was rounded by
    Mask<F> bits; // its low bits hold n

    explicit Reduced(Vec<F> x) {
        using L = Lanes<F>;
        const F magic = F(1.5) * F(int64_t(1) << L::MANTISSA); // adding it rounds to an integer
        const Vec<F> shifted = x * F(1.44269504088896340736) + magic;
        n = shifted - magic;
        const Vec<F> high = x - n * F(L::LN2_HIGH);
        r = high - n * F(L::LN2_LOW);
        lost = (high - r) - n * F(L::LN2_LOW);
        std::memcpy(&bits, &shifted, sizeof bits);
        F factorial = 1;
        for (int k = 2; k <= L::TERMS; k++) factorial *= F(k);
        Vec<F> sum = all<Vec<F>>(F(1) / factorial);
#pragma GCC unroll 16
        for (int k = L::TERMS; k > 2; k--) sum = sum * r + F(1) / (factorial /= F(k));
        rest = r * r * sum;
    }
    // 2^(n-1): the exponent is one lower, so that the largest result needs no exponent that there is not.
    Vec<F> half_scale() const {
        const Mask<F> exponent = (bits + (Lanes<F>::BIAS - 1)) << Lanes<F>::MANTISSA;
        Vec<F> scale;
        std::memcpy(&scale, &exponent, sizeof scale);
        return scale;
    }
};

template <class F> struct Limits;
template <> struct Limits<float> {
    static constexpr float EXP_HIGH = 88.7228317f, EXP_LOW = -86.6f, EXPM1_LOW = -20.0f, TANH = 10.0f;
};
template <> struct Limits<double> {
    static constexpr double EXP_HIGH = 709.782712893384, EXP_LOW = -707.7, EXPM1_LOW = -40.0, TANH = 22.0;
};

template <class F> inline Vec<F> infinity() { return all<Vec<F>>(std::numeric_limits<F>::infinity()); }

template <class F> HETSYN_INLINE Vec<F> f_exp(Vec<F> x) {
    using V = Vec<F>;
    const Reduced<F> parts(x);
    const V value = (F(1) + (parts.r + parts.rest)) * parts.half_scale() * F(2);
    const V high = all<V>(Limits<F>::EXP_HIGH), low = all<V>(Limits<F>::EXP_LOW);
    return x > high ? infinity<F>() : (x < low ? V{} : value);
}

template <class F> HETSYN_INLINE Vec<F> f_expm1(Vec<F> x) {
    using V = Vec<F>;
    const V high = all<V>(Limits<F>::EXP_HIGH), low = all<V>(Limits<F>::EXPM1_LOW), one = all<V>(F(1));
    const V held = x < low ? low : x; // below, it is -1 to the last digit
    const Reduced<F> parts(held);
    // 2^n (e^r - 1) + 2^n - 1, halved, with what the larger sum is rounded by
    const V scale = parts.half_scale(), offset = scale - F(0.5), sum = offset + scale * parts.r;
    const V rounding = scale * parts.r - (sum - offset);
    const V value = (sum + (rounding + scale * (parts.rest + parts.lost))) * F(2);
    return x > high ? infinity<F>() : (x < low ? -one : value);
}

template <class F> HETSYN_INLINE Vec<F> f_tanh(Vec<F> x) {
    using V = Vec<F>;
    const V size = x < V{} ? -x : x, far = all<V>(Limits<F>::TANH), one = all<V>(F(1));
    const V e = f_expm1<F>(F(2) * (size > far ? far : size));
    const V below = e + F(2), quotient = e / below, rounding = e - (below - F(2));
    const V exact = quotient - quotient * rounding * (F(0.5) * (one - quotient)); // (1 - quotient)/2 is 1/below
    const V value = size > far ? one : (e < F(1) ? exact : quotient);
    return x < V{} ? -value : (x == V{} ? x : value);
}

template <class F> inline Vec<F> f_sinh(Vec<F> x) {
    return one_by_one<F>(x, [](F a) { return std::sinh(a); });
}
template <class F> HETSYN_INLINE Vec<F> f_cosh(Vec<F> x) {
    using V = Vec<F>;
    const V size = x < V{} ? -x : x, far = all<V>(Limits<F>::EXP_HIGH - F(1));
    const V e = f_exp<F>(size), root = f_exp<F>(size * F(0.5)); // beyond `far`, e alone would be infinite too early
    return size > far ? (root * F(0.5)) * root : e * F(0.5) + F(0.5) / e;
}

// ln x by the series of artanh((m-1)/(m+1)), m in [sqrt(1/2), sqrt(2)) (the method of fdlibm, Sun Microsystems 1993).
template <class F> HETSYN_INLINE Vec<F> f_log(Vec<F> x) {
    using V = Vec<F>;
    using I = Mask<F>;
    using L = Lanes<F>;
    I bits;
    std::memcpy(&bits, &x, sizeof bits);
    const F root_half = F(0.70710678118654752440);
    decltype(bits[0] + 0) offset_number = 0;
    std::memcpy(&offset_number, &root_half, sizeof(F));
    const I offset = bits - offset_number;
    const I exponent = offset >> L::MANTISSA;
    const I mantissa = bits - (exponent << L::MANTISSA);
    V m;
    std::memcpy(&m, &mantissa, sizeof m);
    const V n = __builtin_convertvector(exponent, V), f = m - F(1), s = f / (f + F(2)), s2 = s * s;
    constexpr int TERMS = L::MANTISSA > 30 ? 11 : 5;
    V sum = all<V>(F(2) / F(2 * TERMS + 1));
#pragma GCC unroll 16
    for (int k = TERMS - 1; k > 0; k--) sum = sum * s2 + F(2) / F(2 * k + 1);
    const V half_square = F(0.5) * f * f, series = s * (half_square + sum * s2);
    const V value = n * F(L::LN2_HIGH) - ((half_square - (series + n * F(L::LN2_LOW))) - f);
    const V least = all<V>(std::numeric_limits<F>::min()), nan = all<V>(std::numeric_limits<F>::quiet_NaN());
    V found = x < least ? (x < V{} ? nan : -infinity<F>()) : value;
    found = x == infinity<F>() ? x : found;
    return x != x ? x : found;
}

// (e^x - 1)/x: the terms and the limit are those of hetsyn_sim/kernels/operations.py.
template <class F> HETSYN_INLINE Vec<F> f_exprel(Vec<F> x) {
    using V = Vec<F>;
    const V size = x < V{} ? -x : x, limit = all<V>(F(1e-5));
    return size < limit ? F(1) + F(0.5) * x + x * x * (F(1) / F(6)) : f_expm1<F>(x) / x;
}
// Its derivative, by its series where the closed form loses digits.
template <class F> HETSYN_INLINE Vec<F> f_exprel_slope(Vec<F> x) {
    using V = Vec<F>;
    const V size = x < V{} ? -x : x, limit = all<V>(F(0.5));
    constexpr int TERMS = sizeof(F) == 8 ? 14 : 8;
    V sum{};
#pragma GCC unroll 16
    for (int k = TERMS; k > 0; k--) { // k x^(k-1) / (k+1)!
        double factorial = 1;
        for (int m = 2; m <= k + 1; m++) factorial *= m;
        sum = sum * x + F(k / factorial);
    }
    const V e = f_expm1<F>(x);
    return size < limit ? sum : ((e + F(1)) - e / x) / x;
}

template <class F> inline Vec<F> f_sqrt(Vec<F> x) {
#if defined(__AVX512F__)
    if constexpr (sizeof(F) == 4)
        return (Vec<F>)_mm512_sqrt_ps((__m512)x);
    else
        return (Vec<F>)_mm512_sqrt_pd((__m512d)x);
#elif defined(__AVX2__)
    if constexpr (sizeof(F) == 4)
        return (Vec<F>)_mm256_sqrt_ps((__m256)x);
    else
        return (Vec<F>)_mm256_sqrt_pd((__m256d)x);
#else
    return one_by_one<F>(x, [](F a) { return std::sqrt(a); });
#endif
}
template <class F> inline Vec<F> f_floor(Vec<F> x) {
    return one_by_one<F>(x, [](F a) { return std::floor(a); });
}
template <class F> inline Vec<F> f_ceil(Vec<F> x) {
    return one_by_one<F>(x, [](F a) { return std::ceil(a); });
}
template <class F> inline Vec<F> f_abs(Vec<F> x) { return x < Vec<F>{} ? -x : (x == Vec<F>{} ? Vec<F>{} : x); }
template <class F> inline Vec<F> f_sign(Vec<F> x) {
    using V = Vec<F>;
    const V one = all<V>(F(1));
    return x > V{} ? one : (x < V{} ? -one : V{});
}
// The larger and the smaller of two; NaN if one is.
template <class F> inline Vec<F> f_maximum(Vec<F> a, Vec<F> b) { return ((a < b) | (b != b)) ? b : a; }
template <class F> inline Vec<F> f_minimum(Vec<F> a, Vec<F> b) { return ((a > b) | (b != b)) ? b : a; }

#define HETSYN_ONE_BY_ONE(name, function)                                                                                                  \
    template <class F> inline Vec<F> f_##name(Vec<F> x) {                                                                                  \
        return one_by_one<F>(x, [](F a) { return std::function(a); });                                                                     \
    }
HETSYN_ONE_BY_ONE(log10, log10)
HETSYN_ONE_BY_ONE(log1p, log1p)
HETSYN_ONE_BY_ONE(sin, sin)
HETSYN_ONE_BY_ONE(cos, cos)
HETSYN_ONE_BY_ONE(tan, tan)
HETSYN_ONE_BY_ONE(arcsin, asin)
HETSYN_ONE_BY_ONE(arccos, acos)
HETSYN_ONE_BY_ONE(arctan, atan)
#undef HETSYN_ONE_BY_ONE

template <class F> inline Vec<F> f_pow(Vec<F> x, Vec<F> y) {
    return one_by_one<F>(x, y, [](F a, F b) { return std::pow(a, b); });
}
// The remainder that has the divisor's sign, as Python's and torch's.
template <class F> inline Vec<F> f_mod(Vec<F> x, Vec<F> y) {
    return one_by_one<F>(x, y, [](F a, F b) {
        const F left = std::fmod(a, b);
        return left != F(0) && (left < F(0)) != (b < F(0)) ? left + b : left;
    });
}

} // namespace hetsyn
