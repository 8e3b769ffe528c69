"""Back ends of the kernels: their names, and the one that is in use."""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import BackendError, one_of
from .expansion import check_tolerance, tolerance_of_rounding
from .library import has_library

#: Every back end: ``plain`` torch on any device (in float64 the oracle of the others); ``fused``, exact C++ for CPUs; ``expansion``,
#: filters within a tolerance of the exact ones (:mod:`hetsyn_sim.kernels.expansion`), on any device.
BACKENDS = ("plain", "fused", "expansion")

# Globals, not a ContextVar: threads that a training starts must keep the choice, and torch.compile compiles anew where a global changes.
_chosen: str | None = None
_tolerance: float | None = None


def available_backends() -> list[str]:
    """The names of the back ends that work here."""
    return [name for name in BACKENDS if _obstacle(name) is None]


def _obstacle(name: str) -> tuple[str, str] | None:
    """Why a back end does not work here and what helps, or None."""
    if name == "fused" and not has_library():
        return "the compiled kernels were not built", "install a C++ compiler and reinstall hetsyn-sim"
    return None


class use_backend:
    """Use one back end from here on, or, as a context manager, inside: ``with use_backend("plain"): ...``.

    Without a choice the fused kernels are used where they can be: on the CPU, if they were built. In float32 a layer then runs its filters
    through shared decays where these cost less (:mod:`hetsyn_sim.kernels.forms`); ``"fused"`` is exact. On another device float32 goes
    through shared decays: sums over lags cost time squared. A back end that does not cover a case leaves it to an exact one.

    Parameters
    ----------
    name
        One of BACKENDS, or None for the default.
    tolerance
        Of ``"expansion"``: the bound of the error of every power of a decay. By default a hundredth of what float32 may round
        (:func:`hetsyn_sim.kernels.expansion.tolerance_of_rounding`). The others do not read it.

    Raises
    ------
    UnknownNameError
        If there is no such back end.
    BackendError
        If it does not work here.
    ConfigError
        If no dtype can hold the tolerance; if the dtype of a later call can't, that call raises it.
    """

    def __init__(self, name: str | None, *, tolerance: float | None = None) -> None:
        global _chosen, _tolerance
        if name is not None and (obstacle := _obstacle(one_of(name, BACKENDS, "back end", where="use_backend"))) is not None:
            what, remedy = obstacle
            raise BackendError(what, where="use_backend", got=repr(name), expected=" or ".join(available_backends()), remedy=remedy)
        if tolerance is not None:
            check_tolerance(tolerance, torch.float64)
        self._before, _chosen, _tolerance = (_chosen, _tolerance), name, tolerance

    def __enter__(self) -> None:
        """The choice was made when it was constructed."""

    def __exit__(self, *exc: object) -> None:
        global _chosen, _tolerance
        _chosen, _tolerance = self._before


def backend_for(*tensors: Tensor) -> str:
    """Whose kernels these tensors get: ``plain`` or ``fused``. Fused ones take float32 and float64 on the CPU, all alike."""
    dtype = tensors[0].dtype
    fits = dtype in (torch.float32, torch.float64) and all(t.dtype == dtype for t in tensors)
    if _chosen == "plain" or not fits or any(t.device.type != "cpu" for t in tensors) or not has_library():
        return "plain"
    return "fused"


def is_chosen() -> bool:
    """Whether a back end was named."""
    return _chosen is not None


def expansion_tolerance(x: Tensor) -> float | None:
    """The tolerance if input like x (time, batch, pre) is to run through shared decays, else None.

    It is by ``use_backend``, and by default in float32 where there is no exact kernel: elsewhere than on the CPU.
    """
    by_default = _chosen is None and x.dtype == torch.float32 and x.device.type != "cpu"
    if not by_default and (_chosen != "expansion" or x.dtype not in (torch.float32, torch.float64)):
        return None
    return tolerance_of_rounding(x.shape[2], x.shape[0]) if _tolerance is None else _tolerance
