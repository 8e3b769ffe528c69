// What nvcc adds to C++, for a compiler that has no GPU: kernels are loops over blocks and threads, memory is the host's.
//
// The threads of a block are fibers. A thread runs until a barrier or its end, then the next one does, so barriers mean what they mean on
// a GPU. Blocks run one after the other. So nothing runs at the same time: logic is checked, races and speed are not. With
// HETSYN_SHIM_ORDER=backward, blocks and threads run from the last to the first: what depends on their order shows.
#pragma once
#include <cuda_runtime.h>

#include <cmath>
#include <cstring>
#include <functional>

extern thread_local uint3 threadIdx, blockIdx;
extern thread_local dim3 blockDim, gridDim;

namespace shim {
struct Grid {
    dim3 blocks, threads;
    std::size_t shared_bytes;
    Grid(dim3 blocks, dim3 threads, std::size_t shared_bytes = 0, cudaStream_t = nullptr)
        : blocks(blocks), threads(threads), shared_bytes(shared_bytes) {}
};
void run(const Grid& grid, const std::function<void()>& thread);  // returns when all threads of all blocks have ended
void barrier();
void* shared();  // the shared memory of the block that runs

template <typename Kernel, typename... Arguments>
void launch(const Grid& grid, Kernel kernel, Arguments... arguments) {
    run(grid, [&] { kernel(arguments...); });
}
template <typename T> T fetch(T* address, T value) {
    T old = *address;
    *address = value;
    return old;
}
}  // namespace shim

inline void __syncthreads() { shim::barrier(); }
inline void __threadfence() {}
inline void __threadfence_block() {}

// One thread runs at a time, so that a read and a write are atomic as they stand.
template <typename T, typename V> T atomicAdd(T* address, V value) { return shim::fetch<T>(address, *address + value); }
template <typename T, typename V> T atomicSub(T* address, V value) { return shim::fetch<T>(address, *address - value); }
template <typename T, typename V> T atomicExch(T* address, V value) { return shim::fetch<T>(address, value); }
template <typename T, typename V, typename W>
T atomicCAS(T* address, V compare, W value) {
    return shim::fetch<T>(address, *address == static_cast<T>(compare) ? static_cast<T>(value) : *address);
}

template <typename To, typename From> To shim_bits(From from) {
    static_assert(sizeof(To) == sizeof(From), "bits of another size");
    To to;
    std::memcpy(&to, &from, sizeof(to));
    return to;
}
inline long long __double_as_longlong(double x) { return shim_bits<long long>(x); }
inline double __longlong_as_double(long long x) { return shim_bits<double>(x); }
inline int __float_as_int(float x) { return shim_bits<int>(x); }
inline float __int_as_float(int x) { return shim_bits<float>(x); }

// Launch configurations: small blocks, so that a small network has several and loops over a block's threads go round more than once.
template <typename Kernel>
cudaError_t shim_potential_block_size(int* least_blocks, int* threads, Kernel) {
    cudaDeviceProp properties;
    cudaGetDeviceProperties(&properties, 0);
    *least_blocks = 1;
    *threads = properties.maxThreadsPerBlock;
    return cudaSuccess;
}
#define cudaOccupancyMaxPotentialBlockSize(blocks, threads, kernel, ...) shim_potential_block_size(blocks, threads, kernel)
#define cudaOccupancyMaxActiveBlocksPerMultiprocessor(blocks, kernel, ...) (*(blocks) = 1, cudaSuccess)
#define cudaFuncGetAttributes(attributes, kernel) shim_attributes(attributes)
inline cudaError_t shim_attributes(cudaFuncAttributes* attributes) {
    std::memset(attributes, 0, sizeof(*attributes));
    cudaDeviceProp properties;
    cudaGetDeviceProperties(&properties, 0);
    attributes->maxThreadsPerBlock = properties.maxThreadsPerBlock;
    return cudaSuccess;
}

// A symbol is the variable itself here.
inline cudaError_t shim_to_symbol(void* symbol, const void* from, std::size_t n) {
    std::memcpy(symbol, from, n);
    return cudaSuccess;
}
#define cudaMemcpyToSymbol(symbol, from, n) shim_to_symbol(&(symbol), from, n)
