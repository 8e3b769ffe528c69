// A vector's worth of neurons of a row. Rows of tensors end where the neurons end; rows of our own go on to a whole vector.
#pragma once
#include "vec.hpp"

namespace hetsyn {

template <class F> class Lane {
  public:
    using V = typename Lanes<F>::V;
    using I = typename Lanes<F>::I;
    static constexpr int N = Lanes<F>::N;

    Lane(int64_t begin, int64_t n) : begin_(begin), count_(n - begin < N ? int(n - begin) : N) {}

    V full(const F* row) const { return hetsyn::load<V>(row + begin_); }
    void put(F* row, V value) const { hetsyn::store(row + begin_, value); }

#if defined(__AVX512F__)
    V load(const F* row) const {
        if constexpr (sizeof(F) == 4)
            return (V)_mm512_maskz_loadu_ps(mask(), row + begin_);
        else
            return (V)_mm512_maskz_loadu_pd(mask(), row + begin_);
    }
    void store(F* row, V value) const {
        if constexpr (sizeof(F) == 4)
            _mm512_mask_storeu_ps(row + begin_, mask(), (__m512)value);
        else
            _mm512_mask_storeu_pd(row + begin_, mask(), (__m512d)value);
    }
#else
    V load(const F* row) const {
        if (count_ == N) return full(row);
        V value{};
        std::memcpy(&value, row + begin_, count_ * sizeof(F));
        return value;
    }
    void store(F* row, V value) const {
        if (count_ == N) return put(row, value);
        std::memcpy(row + begin_, &value, count_ * sizeof(F));
    }
#endif
    // Bytes that are 0 or 1 as a condition.
    I flags(const uint8_t* row) const {
        Bytes bytes{};
        if (count_ == N)
            std::memcpy(&bytes, row + begin_, N);
        else
            std::memcpy(&bytes, row + begin_, count_);
        return __builtin_convertvector(bytes, I) != 0;
    }
    void store_flags(uint8_t* row, I condition) const {
        const Bytes bytes = __builtin_convertvector(condition & 1, Bytes);
        if (count_ == N)
            std::memcpy(row + begin_, &bytes, N);
        else
            std::memcpy(row + begin_, &bytes, count_);
    }

  private:
    typedef int8_t Bytes __attribute__((vector_size(N)));
#if defined(__AVX512F__)
    auto mask() const {
        if constexpr (sizeof(F) == 4)
            return __mmask16((1u << count_) - 1);
        else
            return __mmask8((1u << count_) - 1);
    }
#endif
    int64_t begin_;
    int count_;
};

} // namespace hetsyn
