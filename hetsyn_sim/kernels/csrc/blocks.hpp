// How arrays are cut: neurons into blocks that fit vectors, channels into slices and groups, time into chunks that fit the first cache.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "simd.hpp"

namespace hetsyn {

constexpr int VECTORS = 2;  // vectors of a block: neurons that are stepped side by side
#if HETSYN_BYTES == 64
constexpr int GROUP = 4;  // channels that are stepped side by side: 2 x 4 states, their derivatives and decays fill 24 of 32 registers
#else
constexpr int GROUP = 2;
#endif
constexpr int SLICE = 64;   // channels of one backward task
constexpr int CHUNK = 256;  // steps that a kernel runs before it goes on to the next group: CHUNK x BLOCK numbers stay in the first cache

template <typename T>
constexpr int BLOCK = VECTORS * Vec<T>::lanes;

inline long ceil_div(long a, long b) { return (a + b - 1) / b; }

// A matrix as n_blocks x n_rows x BLOCK: what is stepped side by side lies side by side. Missing columns are 0.
template <typename T>
class Blocks {
public:
    // element(row, column) gives the matrix
    template <typename Element>
    Blocks(long n_rows, long n_columns, const Element& element)
        : n_blocks(ceil_div(n_columns, BLOCK<T>)), n_rows_(n_rows), data_(size_t(n_blocks * n_rows * BLOCK<T>), T(0)) {
        for (long row = 0; row < n_rows; ++row)
            for (long column = 0; column < n_columns; ++column)
                data_[size_t(((column / BLOCK<T>) * n_rows + row) * BLOCK<T> + column % BLOCK<T>)] = element(row, column);
    }
    const T* at(long block, long row) const { return data_.data() + (block * n_rows_ + row) * BLOCK<T>; }
    T* at(long block, long row) { return data_.data() + (block * n_rows_ + row) * BLOCK<T>; }

    const long n_blocks;

private:
    long n_rows_;
    std::vector<T> data_;
};

// Rows of BLOCK numbers from an array (time, batch, column), and back; what lies beyond the last column is 0 and is not written.
template <typename T>
struct Window {
    const long n_batch, n_columns;

    void read(const T* a, long from, long n, long b, long block, T* rows) const {
        const long first = block * BLOCK<T>, width = std::min<long>(BLOCK<T>, n_columns - first);
        for (long t = 0; t < n; ++t) {
            const T* row = a + ((from + t) * n_batch + b) * n_columns + first;
            T* out = rows + t * BLOCK<T>;
            if (width == BLOCK<T>) {
                std::memcpy(out, row, BLOCK<T> * sizeof(T));
            } else {
                std::memcpy(out, row, size_t(width) * sizeof(T));
                std::fill(out + width, out + BLOCK<T>, T(0));
            }
        }
    }
    void write(T* a, long from, long n, long b, long block, const T* rows) const {
        const long first = block * BLOCK<T>, width = std::min<long>(BLOCK<T>, n_columns - first);
        for (long t = 0; t < n; ++t)
            std::memcpy(a + ((from + t) * n_batch + b) * n_columns + first, rows + t * BLOCK<T>, size_t(width) * sizeof(T));
    }
};

}  // namespace hetsyn
