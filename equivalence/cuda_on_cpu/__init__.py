"""Brian2CUDA's generated sources, compiled by a C++ compiler and run on the CPU: their logic without a GPU.

What this shows: step order, delivery, sums, resets and thresholds of the generated CUDA code, spike for spike, with threads in two orders.
What it does not show: races between threads that run at the same time, the arithmetic of a GPU, speed.
"""

from .device import CUDA_ON_CPU, why_not

__all__ = ["CUDA_ON_CPU", "why_not"]
