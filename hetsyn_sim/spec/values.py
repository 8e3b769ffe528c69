"""Parameter values of a network: one array per slot, of its shape, and numbers that a simulation can run on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.units.allunits import second
from numpy.typing import NDArray

from ..errors import HetSynError, SpecError
from .network import NetworkSpec
from .parts import ParameterSlot
from .quantities import dimensions_of
from .scope import DELAY

Array = NDArray[np.float64]


def is_delay(slot: ParameterSlot) -> bool:
    """Whether the slot says how long spikes take to arrive."""
    return slot.name == DELAY


def steps_of_delay(delay: Any, dt: float) -> NDArray[np.int64]:
    """A delay in whole steps: the nearest, and of two as near the even one."""
    steps: NDArray[np.int64] = np.rint(np.asarray(delay, dtype=np.float64) / dt).astype(np.int64)
    return steps


def on_steps(delay: Any, dt: float) -> Array:
    """A delay in seconds, rounded to whole steps."""
    return np.asarray(steps_of_delay(delay, dt) * dt, dtype=np.float64)


def is_time_constant(slot: ParameterSlot) -> bool:
    """Whether the slot holds times in which something decays or passes: all but delays."""
    return not is_delay(slot) and dimensions_of(slot.parameter.unit, where=slot.key) is second.dim


def used_entries(slot: ParameterSlot) -> NDArray[np.bool_]:
    """Which entries of a slot belong to something that exists: not the diagonal of a projection without self-connections."""
    used = np.ones(slot.shape, dtype=np.bool_)
    if slot.without_diagonal:
        np.fill_diagonal(used, False)
    return used


def check_values(
    spec: NetworkSpec, values: Mapping[str, Any], *, where: str = "", error: type[HetSynError] = SpecError, used_only: bool = False
) -> dict[str, Array]:
    """The values as float64 arrays, in the order of the network's slots.

    A time constant may be 0 (its state forgets within a step) or infinite (it never forgets); everything else is finite, and a delay 0 or
    more.

    Parameters
    ----------
    where
        What the values come from: a file, a function.
    error
        What is raised.
    used_only
        Whether entries of synapses that do not exist may be anything.

    Raises
    ------
    SpecError
        Or ``error``: if a slot is missing or unknown, or its values have the wrong shape or are no such numbers.
    """

    def at(key: str) -> str:
        return f"{where}: {key}" if where else key

    missing, unknown = sorted(set(spec.slots) - set(values)), sorted(set(values) - set(spec.slots))
    if missing or unknown:
        raise error(
            "the values do not belong to this network",
            where=where or "parameter values",
            got=", ".join([*(f"{key} missing" for key in missing), *(f"{key} unknown" for key in unknown)][:8]),
            expected=f"exactly {', '.join(spec.slots)}",
            remedy="use the values and the spec of the same network",
        )
    checked = {}
    for key, slot in spec.slots.items():
        value = checked[key] = np.asarray(values[key], dtype=np.float64)
        if value.shape != slot.shape:
            raise error(
                "a value has the wrong shape",
                where=at(key),
                got=f"shape {value.shape}",
                expected=f"shape {slot.shape} ({slot.parameter.axes})",
                remedy="weights and time constants of synapses are post x pre; check that values and spec are of the same network",
            )
        is_time = is_time_constant(slot)
        bad = ~(value >= 0.0) if is_time else ~np.isfinite(value)
        if is_delay(slot):
            bad |= value < 0.0
        if used_only:
            bad &= used_entries(slot)
        if bad.any():
            index = tuple(int(k) for k in np.argwhere(bad)[0])
            what, expected = "a value is not finite", "a finite number"
            if is_time:
                what, expected = "a time constant is negative or not a number", "0 s or more; infinity never forgets"
            elif is_delay(slot):
                what, expected = "a delay is negative or not finite", "a finite time, 0 s or more"
            unit = "s" if is_time or is_delay(slot) else "in SI units"
            raise error(
                what,
                where=at(key) + (str(list(index)) if index else ""),
                got=f"{float(value[index]):.9g} {unit} ({int(bad.sum())} of {value.size} values)",
                expected=expected,
                remedy="correct the values; after training, look at the loss, the learning rate and the parameter's bounds",
            )
    return checked
