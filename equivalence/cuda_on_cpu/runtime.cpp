// The part of the CUDA runtime that generated programs call, on the host's memory, and the threads of a kernel as fibers.
#include "shim.h"

#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

thread_local uint3 threadIdx, blockIdx;
thread_local dim3 blockDim, gridDim;

namespace {

constexpr std::size_t STACK = 64 * 1024;

struct Fiber {
    ucontext_t context;
    std::unique_ptr<char[]> stack{new char[STACK]};
    bool done = false;
};

ucontext_t scheduler;
std::vector<std::unique_ptr<Fiber>> fibers;
Fiber* current = nullptr;
const std::function<void()>* body = nullptr;
std::vector<char> block_memory;

void enter() {
    (*body)();
    current->done = true;
    swapcontext(&current->context, &scheduler);
}

bool backward() {
    static const char* order = std::getenv("HETSYN_SHIM_ORDER");
    static const bool it_is = order != nullptr && std::strcmp(order, "backward") == 0;
    return it_is;
}

// In turn from barrier to barrier, until all have ended. A thread that ends early is no longer waited for.
void run_block(unsigned n_threads) {
    while (fibers.size() < n_threads) fibers.emplace_back(new Fiber);
    for (unsigned k = 0; k < n_threads; k++) {
        Fiber& fiber = *fibers[k];
        fiber.done = false;
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.get();
        fiber.context.uc_stack.ss_size = STACK;
        fiber.context.uc_link = nullptr;
        makecontext(&fiber.context, enter, 0);
    }
    for (unsigned left = n_threads; left > 0;) {
        for (unsigned turn = 0; turn < n_threads; turn++) {
            const unsigned k = backward() ? n_threads - 1 - turn : turn;
            if (fibers[k]->done) continue;
            current = fibers[k].get();
            threadIdx = make_uint3(k, 0, 0);
            swapcontext(&scheduler, &current->context);
            left -= current->done;
        }
    }
}

}  // namespace

namespace shim {

void run(const Grid& grid, const std::function<void()>& thread) {
    if (grid.threads.y * grid.threads.z * grid.blocks.y * grid.blocks.z != 1) {
        std::fprintf(stderr, "kernels over more than one dimension are not run here\n");
        std::exit(1);
    }
    body = &thread;
    blockDim = grid.threads;
    gridDim = grid.blocks;
    for (unsigned turn = 0; turn < grid.blocks.x; turn++) {
        blockIdx = make_uint3(backward() ? grid.blocks.x - 1 - turn : turn, 0, 0);
        block_memory.assign(grid.shared_bytes, 0x7f);  // not zero: what nobody wrote must not look like a number
        run_block(grid.threads.x);
    }
}

void barrier() { swapcontext(&current->context, &scheduler); }

void* shared() { return block_memory.data(); }

}  // namespace shim

extern "C" {
cudaError_t cudaMalloc(void** pointer, std::size_t n) {
    *pointer = std::malloc(n ? n : 1);
    if (*pointer) std::memset(*pointer, 0x7f, n);  // fresh memory of a GPU is not zero either
    return *pointer ? cudaSuccess : cudaErrorMemoryAllocation;
}
cudaError_t cudaFree(void* pointer) {
    std::free(pointer);
    return cudaSuccess;
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t n, cudaMemcpyKind) {
    std::memmove(to, from, n);
    return cudaSuccess;
}
cudaError_t cudaMemset(void* to, int value, std::size_t n) {
    std::memset(to, value, n);
    return cudaSuccess;
}
cudaError_t cudaSetDevice(int) { return cudaSuccess; }
cudaError_t cudaDeviceSetLimit(cudaLimit, std::size_t) { return cudaSuccess; }
cudaError_t cudaDeviceSynchronize() { return cudaSuccess; }
cudaError_t cudaDeviceReset() { return cudaSuccess; }
cudaError_t cudaGetLastError() { return cudaSuccess; }
cudaError_t cudaMemGetInfo(std::size_t* available, std::size_t* total) {
    *available = *total = std::size_t(1) << 34;
    return cudaSuccess;
}
const char* cudaGetErrorString(cudaError_t) { return "an error of the stand-in for CUDA"; }
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
    std::memset(properties, 0, sizeof(*properties));
    properties->maxThreadsPerBlock = 32;
    properties->maxThreadsPerMultiProcessor = 64;
    properties->sharedMemPerBlock = 48 * 1024;
    properties->warpSize = 32;
    properties->multiProcessorCount = 2;
    return cudaSuccess;
}
}
