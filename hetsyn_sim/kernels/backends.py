"""Which implementation stands behind the kernels: a name for each, and which one is in use."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import BackendError, UnknownNameError
from .library import has_library

__all__ = ["BACKENDS", "available_backends", "backend_for", "use_backend"]

#: Every back end: ``plain`` torch on any device (in float64 the oracle of the others), and ``fused``, exact C++ for CPUs.
BACKENDS = ("plain", "fused")

_chosen: str | None = None


def available_backends() -> list[str]:
    """The names of the back ends that work here."""
    return [name for name in BACKENDS if name != "fused" or has_library()]


class use_backend:
    """Use one back end from here on, or, as a context manager, inside: ``with use_backend("plain"): ...``.

    Without a choice the fused kernels are used where they can be: on the CPU, if they were built.

    Raises
    ------
    UnknownNameError
        If there is no such back end.
    BackendError
        If it does not work here.
    """

    def __init__(self, name: str | None) -> None:
        global _chosen
        if name is not None and name not in BACKENDS:
            raise UnknownNameError(
                "unknown back end", where="use_backend", got=repr(name), expected=", ".join(BACKENDS), remedy="use one of these"
            )
        if name == "fused" and not has_library():
            raise BackendError(
                "the compiled kernels were not built",
                where="use_backend",
                got=repr(name),
                expected=" or ".join(available_backends()),
                remedy="install a C++ compiler and reinstall hetsyn-sim",
            )
        self._before, _chosen = _chosen, name

    def __enter__(self) -> None:
        """The choice was made when it was constructed."""

    def __exit__(self, *exc: object) -> None:
        global _chosen
        _chosen = self._before


def backend_for(*tensors: Tensor) -> str:
    """The back end for these tensors: the fused kernels take float32 and float64 on the CPU, all of one type."""
    dtype = tensors[0].dtype
    fits = dtype in (torch.float32, torch.float64) and all(t.device.type == "cpu" and t.dtype == dtype for t in tensors)
    if _chosen == "plain" or not fits or not has_library():
        return "plain"
    return "fused"
