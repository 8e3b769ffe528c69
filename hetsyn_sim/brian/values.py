"""Parameter values on their way into Brian2: complete, of the right shape, and numbers that a simulation can run on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.units.allunits import second
from numpy.typing import NDArray

from ..errors import TransferError
from ..spec import NetworkSpec, ParameterSlot, Projection
from ..spec.quantities import dimensions_of

Array = NDArray[np.float64]


def is_time(slot: ParameterSlot) -> bool:
    """Whether the slot holds time constants."""
    return dimensions_of(slot.parameter.unit, where=slot.key) is second.dim


def synapse_mask(projection: Projection) -> NDArray[np.bool_]:
    """Which synapses a projection has, shape (pre, post)."""
    mask = np.ones((projection.n_pre, projection.n_post), dtype=bool)
    if not projection.self_connections:
        np.fill_diagonal(mask, False)
    return mask


def used_entries(slot: ParameterSlot) -> NDArray[np.bool_]:
    """Which entries of a slot belong to something that exists: not the diagonal of a projection without self-connections."""
    used = np.ones(slot.shape, dtype=np.bool_)
    if slot.without_diagonal:
        np.fill_diagonal(used, False)
    return used


def check_values(spec: NetworkSpec, values: Mapping[str, Any]) -> dict[str, Array]:
    """The values as float64 arrays, one for every slot of the network.

    A time constant may be 0 (a state that forgets in one step) or infinite (one that never does); everything else must be finite.

    Raises
    ------
    TransferError
        If a slot is missing or unknown, or if its values have the wrong shape, are NaN, infinite without being a time constant, or negative
        times. Entries on the diagonal of a projection without self-connections are not looked at.
    """
    missing, foreign = sorted(set(spec.slots) - set(values)), sorted(set(values) - set(spec.slots))
    if missing or foreign:
        raise TransferError(
            "the values do not belong to this network",
            where="parameter values",
            got=", ".join([*(f"{key} missing" for key in missing), *(f"{key} unknown" for key in foreign)]),
            expected="one array for each of " + ", ".join(spec.slots),
            remedy="use the spec that the values were trained with",
        )
    checked = {}
    for key, slot in spec.slots.items():
        array = np.asarray(values[key], dtype=np.float64)
        if array.shape != slot.shape:
            raise TransferError(
                "parameter values of the wrong shape",
                where=key,
                got=f"shape {array.shape}",
                expected=f"shape {slot.shape} for axes {slot.parameter.axes!r}",
                remedy="weights and time constants of synapses are (post, pre)",
            )
        checked[key] = array
        _check_numbers(slot, array, used_entries(slot))
    return checked


def _check_numbers(slot: ParameterSlot, array: Array, used: NDArray[np.bool_]) -> None:
    rules = [("is not a number", np.isnan(array), "a number")]
    if is_time(slot):
        rules.append(("is a negative time constant", array < 0, "0 or more; 0 and infinity are allowed"))
    else:
        rules.append(("is infinite", np.isinf(array), "a finite number; only time constants may be infinite"))
    for what, bad, expected in rules:
        bad = bad & used
        if np.any(bad):
            index = tuple(int(k) for k in np.argwhere(bad)[0])
            raise TransferError(
                f"a parameter value {what}",
                where=f"{slot.key}{list(index) if index else ''}",
                got=f"{array[index]} (in SI units; {int(bad.sum())} of {array.size} values)",
                expected=expected,
                remedy="correct the values; after training, look at the loss and at the parameter's bounds",
            )
