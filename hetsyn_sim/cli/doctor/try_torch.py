"""Run as a program: imports torch, trains a tiny network's step with every kernel that is there, and prints what it met as JSON."""

from __future__ import annotations

import warnings
from typing import Any

from .children import answer


def try_torch() -> dict[str, Any]:
    """Version, threads, devices, kernel libraries, and whether the kernels compute what plain torch does."""
    import torch

    from ...kernels.backends import use_backend
    from ...kernels.filters import exponential_filter
    from ...kernels.library import LEVELS, best_library, find_library

    x = (torch.arange(60, dtype=torch.float64).reshape(10, 2, 3) % 4 == 0).double()  # (time, batch, pre)
    w, rho = (torch.linspace(low, high, 12, dtype=torch.float64).reshape(4, 3) for low, high in ((-1.0, 1.0), (0.1, 0.9)))  # (post, pre)

    def run() -> list[torch.Tensor]:
        leaves = [w.clone().requires_grad_(), rho.clone().requires_grad_()]
        v = exponential_filter(x, *leaves)
        return [v.detach(), *torch.autograd.grad(v.square().sum(), leaves)]

    with use_backend("plain"):
        expected = run()
    libraries = {}
    for level in LEVELS:
        try:
            find_library(level)
            libraries[level] = ""
        except OSError as error:
            libraries[level] = str(error)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        best = best_library()
    difference = None
    if best is not None:
        with use_backend("fused"):
            difference = max(float((a - b).abs().max() / b.abs().max()) for a, b in zip(run(), expected, strict=True))
    devices = [torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return {
        "version": torch.__version__,
        "threads": torch.get_num_threads(),
        "cuda": torch.version.cuda,
        "devices": devices,
        "libraries": libraries,
        "level": None if best is None else best.level,
        "difference": difference,
    }


if __name__ == "__main__":
    answer(try_torch)
