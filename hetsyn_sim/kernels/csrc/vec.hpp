// Vectors of one instruction set, written with the compiler's vector extension so that one source serves all of them.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <utility>
#if defined(__x86_64__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized" // of sums over a vector, GCC bug 105593
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

#if defined(__AVX512F__)
#define HETSYN_BYTES 64
#elif defined(__AVX2__)
#define HETSYN_BYTES 32
#else
#define HETSYN_BYTES 16
#endif

namespace hetsyn {

typedef float vf32 __attribute__((vector_size(HETSYN_BYTES)));
typedef double vf64 __attribute__((vector_size(HETSYN_BYTES)));
typedef int32_t vi32 __attribute__((vector_size(HETSYN_BYTES)));
typedef int64_t vi64 __attribute__((vector_size(HETSYN_BYTES)));

template <class F> struct Lanes;
template <> struct Lanes<float> {
    using V = vf32;
    using I = vi32;
    static constexpr int N = HETSYN_BYTES / 4, MANTISSA = 23, BIAS = 127, TERMS = 7;
    static constexpr float LN2_HIGH = 0.693359375f, LN2_LOW = -2.12194440e-4f, LOWEST = -87.0f;
};
template <> struct Lanes<double> {
    using V = vf64;
    using I = vi64;
    static constexpr int N = HETSYN_BYTES / 8, MANTISSA = 52, BIAS = 1023, TERMS = 13;
    static constexpr double LN2_HIGH = 6.93145751953125e-1, LN2_LOW = 1.42860682030941723212e-6, LOWEST = -708.0;
};

// Channels x vectors that are in registers at a time: three vectors each in the backward pass, out of 32 or 16 registers.
#if defined(__x86_64__) && HETSYN_BYTES < 64
constexpr int C = 2, K = 2;
#else
constexpr int C = 4, K = 2;
#endif

template <class V, class F> inline V load(const F* p) {
    V out;
    std::memcpy(&out, p, sizeof(V));
    return out;
}
template <class V, class F> inline void store(F* p, V value) { std::memcpy(p, &value, sizeof(V)); }
template <class V, class F> inline V all(F value) { return value - V{}; }

template <class F> constexpr F inverse_factorial(int k) {
    double product = 1;
    for (; k > 1; k--) product *= k;
    return F(1 / product);
}

// e^x for x <= 0, to about one unit in the last place; 0 below the smallest normal number.
template <class F> inline typename Lanes<F>::V exp_negative(typename Lanes<F>::V x) {
    using L = Lanes<F>;
    using V = typename L::V;
    const V low = all<V>(L::LOWEST);
    const typename L::I keep = x > low;
    x = keep ? x : low;
    const F magic = F(1.5) * F(int64_t(1) << L::MANTISSA); // adding it rounds to an integer
    const V shifted = x * F(1.44269504088896340736) + magic;
    const V n = shifted - magic;
    const V r = (x - n * F(L::LN2_HIGH)) - n * F(L::LN2_LOW);
    V sum = all<V>(inverse_factorial<F>(L::TERMS));
#pragma GCC unroll 16
    for (int k = L::TERMS - 1; k >= 0; k--) sum = sum * r + inverse_factorial<F>(k);
    typename L::I bits;
    std::memcpy(&bits, &shifted, sizeof(V)); // its low bits hold n
    bits = (bits + L::BIAS) << L::MANTISSA;
    V scale;
    std::memcpy(&scale, &bits, sizeof(V));
    return keep ? sum * scale : V{};
}

// Which of the next 64 numbers (n if fewer) are not zero, as bits.
template <class F> inline uint64_t nonzero(const F* p, int n) {
    uint64_t found = 0;
    int k = 0;
#if defined(__AVX512F__)
    if constexpr (sizeof(F) == 4)
        for (; k + 16 <= n; k += 16)
            found |= uint64_t(_mm512_cmp_ps_mask(_mm512_loadu_ps((const float*)p + k), _mm512_setzero_ps(), _CMP_NEQ_UQ)) << k;
    else
        for (; k + 8 <= n; k += 8)
            found |= uint64_t(_mm512_cmp_pd_mask(_mm512_loadu_pd((const double*)p + k), _mm512_setzero_pd(), _CMP_NEQ_UQ)) << k;
#elif defined(__AVX2__)
    if constexpr (sizeof(F) == 4)
        for (; k + 8 <= n; k += 8)
            found |= uint64_t(_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps((const float*)p + k), _mm256_setzero_ps(), _CMP_NEQ_UQ))) << k;
    else
        for (; k + 4 <= n; k += 4)
            found |= uint64_t(_mm256_movemask_pd(_mm256_cmp_pd(_mm256_loadu_pd((const double*)p + k), _mm256_setzero_pd(), _CMP_NEQ_UQ))) << k;
#endif
    for (; k < n; k++) found |= uint64_t(p[k] != F(0)) << k;
    return found;
}

template <class F> inline bool finite(F value) { return value - value == F(0); }

// Memory aligned for vectors, set to zero.
template <class F> class Buffer {
  public:
    Buffer() = default;
    explicit Buffer(int64_t n) { reset(n); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    Buffer(Buffer&& other) noexcept : data_(other.data_) { other.data_ = nullptr; }
    Buffer& operator=(Buffer&& other) noexcept { return std::swap(data_, other.data_), *this; }
    ~Buffer() { std::free(data_); }
    void reset(int64_t n) {
        std::free(data_);
        const size_t bytes = (size_t(n) * sizeof(F) + 127) / 64 * 64;
        data_ = static_cast<F*>(std::aligned_alloc(64, bytes));
        if (!data_) throw std::bad_alloc();
        std::memset(static_cast<void*>(data_), 0, bytes);
    }
    F* get() const { return data_; }
    F& operator[](int64_t k) const { return data_[k]; }

  private:
    F* data_ = nullptr;
};

// Numbers below the smallest normal one are zero while this lives: traces that fade would otherwise slow some machines down.
class FlushTiny {
#if defined(__x86_64__)
  public:
    FlushTiny() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
    ~FlushTiny() { _mm_setcsr(before_); }

  private:
    unsigned before_;
#elif defined(__aarch64__)
  public:
    FlushTiny() {
        asm volatile("mrs %0, fpcr" : "=r"(before_));
        asm volatile("msr fpcr, %0" ::"r"(before_ | (1ull << 24)));
    }
    ~FlushTiny() { asm volatile("msr fpcr, %0" ::"r"(before_)); }

  private:
    unsigned long long before_;
#else
  public:
    FlushTiny() {}
#endif
};

} // namespace hetsyn
