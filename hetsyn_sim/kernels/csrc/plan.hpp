// The input of one sample over a piece of time, sorted for the filters: groups of C channels, and the steps at which any of them is active.
#pragma once
#include <vector>

#include "vec.hpp"

namespace hetsyn {

// Above this share of non-zero values every step counts as active, and the work of sorting is saved.
constexpr double DENSE = 0.08;

template <class F> class Plan {
  public:
    struct Group {
        int32_t channel[C]; // n_channels where there is none: a row of zeros
        int32_t start;      // nothing happens before this step
        int32_t n_rows;     // active steps
        int64_t row;        // the first of them in step and values
        bool single;        // one channel, for narrow inputs
    };
    std::vector<Group> groups;
    std::vector<int32_t> step; // per row, unless dense
    std::vector<F> values;     // [row][C]
    bool dense = false;

    // x: the first step's values, n_channels in a row; seen: channels that were active before, updated to include this piece.
    // Returns false if a value is NaN or infinite.
    bool build(const F* x, int64_t step_stride, int n_steps, int n_channels, uint8_t* seen) {
        groups.clear();
        dense = !sparse_events(x, step_stride, n_steps, n_channels);
        if (dense) return build_dense(x, step_stride, n_steps, n_channels, seen);
        return build_sparse(n_channels, seen);
    }

  private:
    struct Event {
        int32_t step, channel;
        F value;
    };
    std::vector<Event> events_;
    std::vector<int32_t> order_, count_, rank_, start_, last_;

    bool sparse_events(const F* x, int64_t step_stride, int n_steps, int n_channels) {
        const size_t most = size_t(DENSE * double(n_steps) * n_channels);
        events_.clear();
        for (int t = 0; t < n_steps; t++, x += step_stride) {
            for (int i = 0; i < n_channels; i += 64) {
                if (t + 1 < n_steps) // the next step lies far away, on another page
                    for (size_t ahead = 0; ahead < 64 * sizeof(F); ahead += 64)
                        __builtin_prefetch(reinterpret_cast<const char*>(x + step_stride + i) + ahead);
                for (uint64_t bits = nonzero(x + i, std::min(64, n_channels - i)); bits; bits &= bits - 1) {
                    const int channel = i + __builtin_ctzll(bits);
                    events_.push_back({t, channel, x[channel]});
                }
            }
            if (events_.size() > most) return false;
        }
        return true;
    }

    bool build_sparse(int n_channels, uint8_t* seen) {
        bool good = true;
        order_.clear();
        start_.assign(n_channels + 1, 0);
        count_.assign(n_channels + 1, 0);
        for (int i = 0; i < n_channels; i++)
            if (seen[i]) order_.push_back(i);
        for (const Event& event : events_) { // in order of time: channels come in the order of their first events
            if (!seen[event.channel]) seen[event.channel] = 1, start_[event.channel] = event.step, order_.push_back(event.channel);
            count_[event.channel]++;
            good &= finite(event.value);
        }
        rank_.resize(n_channels);
        int64_t rows = 0;
        for (size_t k = 0; k < order_.size(); k += C) {
            Group group{};
            const size_t n = std::min<size_t>(C, order_.size() - k);
            group.single = n == 1;
            group.start = start_[order_[k]];
            group.row = rows;
            for (size_t c = 0; c < C; c++) {
                group.channel[c] = c < n ? order_[k + c] : n_channels;
                if (c < n) rank_[order_[k + c]] = int32_t(k + c), rows += count_[order_[k + c]];
            }
            groups.push_back(group);
        }
        step.resize(rows);
        values.assign(rows * C, F(0));
        last_.assign(groups.size(), -1);
        for (const Event& event : events_) {
            const int rank = rank_[event.channel], g = rank / C;
            Group& group = groups[g];
            if (last_[g] != event.step) last_[g] = event.step, step[group.row + group.n_rows++] = event.step;
            values[(group.row + group.n_rows - 1) * C + rank % C] = event.value;
        }
        return good;
    }

    bool build_dense(const F* x, int64_t step_stride, int n_steps, int n_channels, uint8_t* seen) {
        const int n_groups = (n_channels + C - 1) / C;
        for (int g = 0; g < n_groups; g++) {
            Group group{};
            for (int c = 0; c < C; c++) group.channel[c] = std::min(g * C + c, n_channels);
            group.single = g * C + 1 == n_channels;
            group.n_rows = n_steps;
            group.row = int64_t(g) * n_steps;
            groups.push_back(group);
        }
        std::memset(seen, 1, n_channels);
        step.clear();
        values.assign(size_t(n_groups) * n_steps * C, F(0));
        F sum = 0;
        for (int t = 0; t < n_steps; t++, x += step_stride)
            for (int g = 0; g < n_groups; g++) {
                F* row = &values[(size_t(g) * n_steps + t) * C];
                const int n = std::min(C, n_channels - g * C);
                for (int c = 0; c < n; c++) row[c] = x[g * C + c], sum += row[c] * F(0);
            }
        return sum == F(0);
    }
};

} // namespace hetsyn
