// Vectors of a fixed number of bytes (GCC and Clang vector extensions). One library per instruction set is built from the same source.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__AVX512F__)
#define HETSYN_BYTES 64
#elif defined(__AVX__)
#define HETSYN_BYTES 32
#else
#define HETSYN_BYTES 16
#endif

namespace hetsyn {

template <typename T>
struct Vec {
    static constexpr int lanes = HETSYN_BYTES / sizeof(T);
    typedef T type __attribute__((vector_size(HETSYN_BYTES)));
    using Int = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    typedef Int mask __attribute__((vector_size(HETSYN_BYTES)));
};

template <typename T>
using vec = typename Vec<T>::type;

template <typename T>
inline vec<T> load(const T* p) {
    vec<T> out;
    std::memcpy(&out, p, sizeof out);
    return out;
}

template <typename T>
inline void store(T* p, vec<T> value) {
    std::memcpy(p, &value, sizeof value);
}

template <typename T>
inline vec<T> splat(T value) {
    return value - vec<T>{};
}

// exp(x) for x <= 0, relative error below 4 units in the last place; 0 where the result would be subnormal.
template <typename T>
inline vec<T> exp_of_negative(vec<T> x) {
    constexpr bool single = sizeof(T) == 4;
    constexpr int mantissa = single ? 23 : 52, bias = single ? 127 : 1023;
    constexpr T lowest = single ? T(-87.3) : T(-708.3);
    // adding and taking away 1.5 * 2^mantissa rounds to a whole number, which then stands in the lowest bits
    constexpr T magic = single ? T(12582912.0) : T(6755399441055744.0);
    constexpr T ln2_high = single ? T(0.693359375) : T(0.693147180369123816490);
    constexpr T ln2_low = single ? T(-2.12194440e-4) : T(1.90821492927058770002e-10);
    const auto underflow = x < splat<T>(lowest);
    x = underflow ? splat<T>(lowest) : x;
    const vec<T> shifted = x * T(1.44269504088896340736) + magic, n = shifted - magic;
    const vec<T> r = (x - n * ln2_high) - n * ln2_low;  // |r| <= ln(2) / 2
    constexpr int degree = single ? 7 : 13;             // the first term left out is below half a unit
    T factorial = 1;
    for (int k = 2; k <= degree; ++k) factorial *= T(k);
    vec<T> polynomial = splat<T>(T(1) / factorial);
    for (int k = degree; k >= 1; --k) {
        factorial /= T(k);
        polynomial = polynomial * r + T(1) / factorial;
    }
    typename Vec<T>::mask bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    using Int = typename Vec<T>::Int;
    bits = (bits << mantissa) + (Int(bias) << mantissa);  // the lowest bits of the sum hold n; all others fall out at the top
    vec<T> scale;
    std::memcpy(&scale, &bits, sizeof scale);
    return underflow ? splat<T>(0) : polynomial * scale;
}

}  // namespace hetsyn
