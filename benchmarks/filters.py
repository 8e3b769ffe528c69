"""The filter through shared decays against the exact fused one: the table of docs/expansion.md.

    python -m benchmarks.filters

One thread, float32, 250 steps, tolerance 1e-6. Both back ends run in turn; a ratio is that of their least CPU times.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from hetsyn_sim.kernels import exponential_filter, use_backend
from hetsyn_sim.report.document import Grid

N_STEPS, ROUNDS = 250, 9
#: (pre, post, batch, shortest and longest tau in steps, share of active inputs per step)
CASES = (
    *((700, 128, 32, 5.0, 20.0, rate) for rate in (0.005, 0.015, 0.05, 0.1)),
    (700, 128, 32, 2.0, 50.0, 0.015),
    (700, 128, 32, 0.25, 250.0, 0.015),
    (700, 1024, 8, 5.0, 20.0, 0.015),
)


def measure(n_pre: int, n_post: int, n_batch: int, low: float, high: float, rate: float) -> dict[str, tuple[float, float]]:
    """Back end -> least CPU time in seconds of the forward pass and of the backward pass by weights and decays."""
    torch.manual_seed(0)
    x = (torch.rand(N_STEPS, n_batch, n_pre) < rate).float()
    w = torch.randn(n_post, n_pre).requires_grad_()
    rho = torch.exp(-1.0 / (low * (high / low) ** torch.rand(n_post, n_pre))).requires_grad_()
    g = torch.randn(N_STEPS, n_batch, n_post)
    found: dict[str, tuple[list[float], list[float]]] = {"fused": ([], []), "expansion": ([], [])}
    for _ in range(ROUNDS):
        for name, (forward, backward) in found.items():
            with use_backend(name):
                v = timed(lambda: exponential_filter(x, w, rho), forward)
                timed(lambda v=v: torch.autograd.grad(v, (w, rho), g), backward)
    return {name: (min(forward), min(backward)) for name, (forward, backward) in found.items()}


def timed(call: Callable[[], Tensor], seconds: list[float]) -> Tensor:
    begun = time.process_time()
    result = call()
    seconds.append(time.process_time() - begun)
    return result


def main() -> None:
    torch.set_num_threads(1)
    heads = ("layer, batch", "tau (steps)", "active inputs per step", "exact / expansion, forward", "backward")
    for line in Grid(heads, rows()).lines():
        print(line, flush=True)


def rows() -> Iterator[list[str]]:
    for n_pre, n_post, n_batch, low, high, rate in CASES:
        times = measure(n_pre, n_post, n_batch, low, high, rate)
        ratios = [exact / expanded for exact, expanded in zip(times["fused"], times["expansion"], strict=True)]
        yield [f"{n_pre} to {n_post}, {n_batch}", f"{low:g} to {high:g}", f"{100 * rate:g} %", *(f"{ratio:.1f}" for ratio in ratios)]


if __name__ == "__main__":
    main()
