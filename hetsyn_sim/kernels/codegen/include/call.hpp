// What both passes of a generated kernel share: how they are called and how their rows are found.
#pragma once
#include "recurrence.hpp"
#include "functions.hpp"
#include "surrogate.hpp"
#include "team.hpp"

namespace hetsyn {

enum Status { COMPLETE = 0, OUT_OF_MEMORY = 1 };

struct Call {
    int64_t n_steps, n_batch, n;
    int fresh, threads;
    void* const* pointers;

    template <class F> F* array(int place) const { return static_cast<F*>(pointers[place]); }
    // of an array (time, batch, neuron)
    template <class F> F* row(int place, int64_t t, int64_t b) const { return array<F>(place) + (t * n_batch + b) * n; }
    // of an array (batch, neuron)
    template <class F> F* row(int place, int64_t b) const { return array<F>(place) + b * n; }
};

template <class F> inline int64_t padded(int64_t n) { return (n + Lanes<F>::N - 1) / Lanes<F>::N * Lanes<F>::N; }

// Rows of whole vectors. What is beyond the last neuron is computed like the last neuron and never seen.
template <class F> class Rows {
  public:
    Rows(int64_t n_rows, int64_t n) : n_(padded<F>(n)), numbers_(n_rows * n_ + 1) {}
    F* operator[](int64_t k) const { return numbers_.get() + k * n_; }
    void fill(int64_t k, const F* values, int64_t n) const {
        for (int64_t j = 0; j < n_; j++) (*this)[k][j] = values[std::min(j, n - 1)];
    }

  private:
    int64_t n_;
    Buffer<F> numbers_;
};

template <class F, class Task> inline void each_lane(int64_t n, const Task& task) {
    for (int64_t begin = 0; begin < n; begin += Lanes<F>::N) task(Lane<F>(begin, n));
}

// Calls task(k) for k = 0 .. n - 1 on a few threads; what a task does must not depend on which.
template <class Task> inline int share(int64_t n, const Call& call, const Task& task) {
    try {
        // a step of a neuron is some tens of the updates that team.hpp counts
        Team team(useful_threads(int(std::min<int64_t>(call.threads, n)), 32.0 * double(call.n_steps) * double(call.n_batch) * double(call.n)));
        team.run([&] { team.each(n, task); });
        return COMPLETE;
    } catch (...) {
        return OUT_OF_MEMORY;
    }
}

// The pseudo-derivative of a spike; the kind is known when this is compiled, so that only its formula is left.
template <class F, int KIND> inline __attribute__((always_inline)) Vec<F> pseudo(Vec<F> distance, Vec<F> theta, const double* numbers) {
    Vec<F> slope{};
    with_formula<F>(Surrogate{KIND, numbers}, [&](const auto& formula) { slope = formula(distance, theta); });
    return slope;
}

} // namespace hetsyn
