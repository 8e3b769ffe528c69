"""The kernels' back ends: each is a simulator that is held to every property."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hetsyn_sim.agreement.outcome import Precision
from hetsyn_sim.errors import BackendError
from hetsyn_sim.kernels import use_backend


@dataclass(frozen=True)
class Backend:
    """What the suite has to know of a back end.

    Attributes
    ----------
    runs_in
        The precisions it is run in.
    approximates
        Whether it is held to the rounding bound of float32 in every precision. The shared-decay expansion is off by up to a
        hundredth of that bound for decays that no node hits.
    slow
        Whether a run takes a second or more.
    """

    runs_in: tuple[Precision, ...] = ("float64", "float32")
    approximates: bool = False
    slow: bool = False


#: Every back end that the suite can hold to the reference, whether it is there or not.
KNOWN: Mapping[str, Backend] = MappingProxyType(
    {
        "plain": Backend(),
        "fused": Backend(),
        "expansion": Backend(("float64",), approximates=True),
    }
)


def _obstacles() -> dict[str, str]:
    found = {}
    for name in KNOWN:
        try:
            with use_backend(name):
                found[name] = ""
        except BackendError as error:
            found[name] = str(error)
    return found


#: Every back end -> why it can't run here, or ``""`` if it can.
BACKENDS: Mapping[str, str] = MappingProxyType(_obstacles())
