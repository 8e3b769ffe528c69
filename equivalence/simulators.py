"""The registry of simulators. Whatever is in it is held to every property of this suite.

To add one, write a function ``run(spec, values, inputs) -> Recording`` with the layout of
:func:`hetsyn_sim.discrete.simulate_reference` and put it into :data:`SIMULATORS`. Nothing else has to change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from hetsyn_sim.brian import simulate
from hetsyn_sim.brian.devices import find_device
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import BackendError
from hetsyn_sim.recording import Recording
from hetsyn_sim.spec import NetworkSpec
from hetsyn_sim.training.network import Network

__all__ = ["REFERENCE", "SIMULATORS", "Simulator", "names", "precision"]

Values = Mapping[str, NDArray[np.float64]]
Precision = Literal["float32", "float64"]


@dataclass(frozen=True)
class Simulator:
    """A way to run a network.

    Attributes
    ----------
    run
        ``run(spec, values, inputs)``: values in SI units by slot key, inputs a bool raster of shape (time, batch, channel).
    dtype
        The precision it works in.
    slow
        Whether a network costs about a second to build. Properties try fewer examples on slow simulators.
    unavailable
        Says why it can't run here, or ``""`` if it can.
    """

    run: Callable[[NetworkSpec, Values, NDArray[np.bool_]], Recording]
    dtype: Precision = "float64"
    slow: bool = False
    unavailable: Callable[[], str] = lambda: ""


def _torch(spec: NetworkSpec, values: Values, inputs: NDArray[np.bool_], *, dtype: torch.dtype) -> Recording:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        return Network(spec, values=values, trainable=False).record(inputs)
    finally:
        torch.set_default_dtype(before)


def _missing_for(device: str) -> str:
    try:
        find_device(device)
    except BackendError as error:
        return str(error)
    return ""


def _brian2(device: str) -> dict[str, Any]:
    return {"run": partial(simulate, device=device), "slow": True, "unavailable": partial(_missing_for, device)}


#: The simulator that the others are compared with.
REFERENCE = "reference"

#: Every simulator by its name.
SIMULATORS: Mapping[str, Simulator] = MappingProxyType(
    {
        REFERENCE: Simulator(simulate_reference),
        "torch float64": Simulator(partial(_torch, dtype=torch.float64)),
        "torch float32": Simulator(partial(_torch, dtype=torch.float32), dtype="float32"),
        "brian2 numpy": Simulator(**_brian2("numpy")),
    }
)


def names(*, slow: bool | None = None, reference: bool = True) -> list[str]:
    """The names of all simulators, or of those that are (not) slow, with or without the reference."""
    return [n for n, s in SIMULATORS.items() if (slow is None or s.slow == slow) and (reference or n != REFERENCE)]


def precision(*simulators: str) -> Precision:
    """The lower precision of some simulators."""
    return "float32" if any(SIMULATORS[name].dtype == "float32" for name in simulators) else "float64"
