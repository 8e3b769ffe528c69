// A batch's events, where all of them have one value: sorted by channel, in bunches of channels that are worked on together.
#pragma once
#include <utility>
#include <vector>

#include "filter.hpp"

namespace hetsyn {

constexpr int BUNCH = 12;                                // channels of a bunch

// The events of a batch by sample: channel by channel, the one with the first event first. Channels are dealt out to some parts.
template <class F> class Spikes {
  public:
    struct Event {
        int32_t channel, place, step; // place: of the channel in its bunch
    };
    struct Part {
        std::vector<int32_t> channel, start; // those with events, and their first one's step
        std::vector<Event> events;           // bunch by bunch, in the order of time
        std::vector<size_t> begin;           // of each bunch, and the end of the last one
    };
    int64_t T, B, channels;
    F value = 0; // of all events

    Spikes(int64_t T, int64_t B, int64_t channels, int64_t n_parts)
        : T(T), B(B), channels(channels), n_parts_(n_parts), parts_(size_t(B * n_parts)), values_(size_t(B), F(0)) {}
    const Part& part(int64_t b, int64_t which) const { return parts_[size_t(b * n_parts_ + which)]; }

    // Returns false if two events of the sample differ, or one is not finite.
    bool fill(Sequence<const F> x, int64_t b) {
        std::vector<std::pair<int32_t, int32_t>> found; // step, channel
        std::vector<int32_t> rank(size_t(channels), -1);
        Part* parts = &parts_[size_t(b * n_parts_)];
        F& value = values_[size_t(b)];
        for (int64_t t = 0; t < T; t++) {
            const F* row = x.at(t, b);
            for (int64_t i = 0; i < channels; i += 64) {
                if (t + 1 < T) // the next step lies far away, on another page
                    for (size_t ahead = 0; ahead < 64 * sizeof(F); ahead += 64)
                        __builtin_prefetch(reinterpret_cast<const char*>(x.at(t + 1, b) + i) + ahead);
                for (uint64_t bits = nonzero(row + i, int(std::min<int64_t>(64, channels - i))); bits; bits &= bits - 1) {
                    const int64_t channel = i + __builtin_ctzll(bits);
                    Part& part = parts[channel % n_parts_];
                    if (found.empty()) value = row[channel];
                    if (row[channel] != value || !finite(value)) return false;
                    if (rank[size_t(channel)] < 0) {
                        rank[size_t(channel)] = int32_t(part.channel.size());
                        if (part.channel.size() % BUNCH == 0) part.begin.push_back(0);
                        part.channel.push_back(int32_t(channel));
                        part.start.push_back(int32_t(t));
                    }
                    part.begin[size_t(rank[size_t(channel)] / BUNCH)]++;
                    found.emplace_back(int32_t(t), int32_t(channel));
                }
            }
        }
        for (Part* part = parts; part < parts + n_parts_; part++) {
            size_t n = 0;
            for (size_t& count : part->begin) n += std::exchange(count, n);
            part->begin.push_back(n);
            part->events.resize(n);
        }
        std::vector<std::vector<size_t>> next;
        for (int64_t k = 0; k < n_parts_; k++) next.push_back(parts[k].begin);
        for (const auto& [step, channel] : found) {
            const int32_t own = rank[size_t(channel)], which = int32_t(channel % n_parts_);
            parts[which].events[next[size_t(which)][size_t(own / BUNCH)]++] = {channel, own % BUNCH, step};
        }
        return true;
    }

    // Whether all samples have the same value, which is then known.
    bool agree() {
        for (const F own : values_) {
            if (value == F(0)) value = own;
            if (own != F(0) && own != value) return false;
        }
        return true;
    }

  private:
    int64_t n_parts_;
    std::vector<Part> parts_; // [sample][part]
    std::vector<F> values_;
};

template <class F> bool find_spikes(Team& team, Spikes<F>& spikes, Sequence<const F> x) {
    std::atomic<bool> good{true};
    team.run([&] {
        team.each(spikes.B, [&](int64_t b) {
            if (good && !spikes.fill(x, b)) good = false;
        });
    });
    return good && spikes.agree();
}

} // namespace hetsyn
