// What one core can do at most: multiply-adds in registers, and read-modify-write of float32 in a buffer that fits L2 but not L1.
// Prints two numbers: multiply-adds (lanes) per second, bytes moved (loads and stores) per second. Each is the best of some repeats.
#include <cstdio>
#include <ctime>
#include <vector>

#if defined(__AVX512F__)
constexpr int BYTES = 64;
#elif defined(__AVX__)
constexpr int BYTES = 32;
#else
constexpr int BYTES = 16;
#endif
typedef float Lanes __attribute__((vector_size(BYTES)));
constexpr int N_LANES = BYTES / 4;

// CPU time, as the steps are timed: another program on the core does not lower the roof.
static double seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

static Lanes all(float value) {
    Lanes lanes;
    for (int k = 0; k < N_LANES; ++k) lanes[k] = value;
    return lanes;
}

// Twelve independent chains hide the latency of a fused multiply-add and still fit the registers.
static double fma_per_second(float& sink) {
    constexpr long STEPS = 4'000'000;
    // twelve different starts: the compiler would make one chain of twelve equal ones
    Lanes a = all(0.1f), b = all(0.2f), c = all(0.3f), d = all(0.4f), e = all(0.5f), f = all(0.6f);
    Lanes g = all(0.7f), h = all(0.8f), i = all(0.9f), j = all(1.1f), k = all(1.2f), l = all(1.3f);
    const Lanes factor = all(0.999f), addend = all(0.001f);
    const double began = seconds();
    for (long step = 0; step < STEPS; ++step) {
        a = a * factor + addend; b = b * factor + addend; c = c * factor + addend; d = d * factor + addend;
        e = e * factor + addend; f = f * factor + addend; g = g * factor + addend; h = h * factor + addend;
        i = i * factor + addend; j = j * factor + addend; k = k * factor + addend; l = l * factor + addend;
        asm volatile("" : : : "memory");
    }
    const double took = seconds() - began;
    sink += (a + b + c + d + e + f + g + h + i + j + k + l)[0];
    return 12.0 * N_LANES * STEPS / took;
}

static double bytes_per_second(std::vector<Lanes>& buffer, float& sink) {
    constexpr int PASSES = 400;
    const Lanes factor = all(0.999f);
    const double began = seconds();
    for (int pass = 0; pass < PASSES; ++pass) {
        for (Lanes& lanes : buffer) lanes = lanes * factor;
        asm volatile("" : : : "memory");
    }
    const double took = seconds() - began;
    sink += buffer[0][0];
    return 2.0 * BYTES * buffer.size() * PASSES / took;
}

int main() {
    std::vector<Lanes> buffer(256 * 1024 / BYTES, all(1.0f));
    float sink = 0.0f;
    double fma = 0.0, bytes = 0.0;
    for (int repeat = 0; repeat < 60; ++repeat) {
        const double now = fma_per_second(sink), moved = bytes_per_second(buffer, sink);
        if (now > fma) fma = now;
        if (moved > bytes) bytes = moved;
        for (Lanes& lanes : buffer) lanes = all(1.0f);
    }
    std::printf("%.6e %.6e\n", fma, bytes);
    return sink == 12345.0f;  // never; the compiler does not know
}
