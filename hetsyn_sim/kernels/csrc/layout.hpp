// Matrices of one number per synapse, rearranged so that a row of vectors is contiguous.
#pragma once
#include <algorithm>

#include "vec.hpp"

namespace hetsyn {

enum Status : int { COMPLETE = 0, OUT_OF_MEMORY = 1, NOT_FINITE = 2 }; // what a call returns

// n lanes in blocks of K vectors; the last block is one vector wide if that is enough.
struct Blocks {
    int64_t n, width, count;
    int lanes;
    Blocks(int64_t n, int lanes, int vectors) : n(n), width(int64_t(lanes) * vectors), count((n + width - 1) / width), lanes(lanes) {}
    int64_t begin(int64_t block) const { return block * width; }
    int64_t used(int64_t block) const { return std::min(width, n - begin(block)); } // lanes that mean something
    int vectors(int64_t block) const { return used(block) <= lanes ? 1 : int(width / lanes); }
    int64_t padded() const { return count * width; }
};

// [block][channel][lane], with one channel of zeros more, for groups that are not full.
template <class F> struct Packed {
    Blocks blocks;
    int64_t channels;
    Buffer<F> data;

    Packed(Blocks blocks, int64_t channels) : blocks(blocks), channels(channels), data(blocks.count * (channels + 1) * blocks.width) {}
    F* block(int64_t k) const { return data.get() + k * (channels + 1) * blocks.width; }
    F* row(int64_t k, int64_t channel) const { return block(k) + channel * blocks.width; }

    // Fill a block from source[lane * lane_stride + channel * channel_stride].
    void fill(int64_t k, const F* source, int64_t lane_stride, int64_t channel_stride) const {
        const int64_t used = blocks.used(k), width = blocks.width;
        F* out = block(k);
        source += blocks.begin(k) * lane_stride;
        if (lane_stride == 1) {
            for (int64_t c = 0; c < channels; c++) std::memcpy(out + c * width, source + c * channel_stride, sizeof(F) * used);
            return;
        }
        for (int64_t c0 = 0; c0 < channels; c0 += 16) // a tile at a time, for the cache's sake
            for (int64_t lane = 0; lane < used; lane++)
                for (int64_t c = c0; c < std::min(c0 + 16, channels); c++) out[c * width + lane] = source[lane * lane_stride + c * channel_stride];
    }

    // The way back.
    void empty(int64_t k, F* target, int64_t lane_stride, int64_t channel_stride) const {
        const int64_t used = blocks.used(k), width = blocks.width;
        const F* in = block(k);
        target += blocks.begin(k) * lane_stride;
        for (int64_t c0 = 0; c0 < channels; c0 += 16)
            for (int64_t lane = 0; lane < used; lane++)
                for (int64_t c = c0; c < std::min(c0 + 16, channels); c++) target[lane * lane_stride + c * channel_stride] = in[c * width + lane];
    }
};

} // namespace hetsyn
