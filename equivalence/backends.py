"""The kernel back ends that are there, and running under one of them.

Plain torch is always there. Once ``hetsyn_sim.kernels`` has ``use_backend(name)``, a context manager, the others of :data:`KNOWN` that it
knows are simulators too, without a change here.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from hetsyn_sim import kernels
from hetsyn_sim.errors import BackendError, UnknownNameError

__all__ = ["BACKENDS", "KNOWN", "Backend", "use"]

Precision = Literal["float32", "float64"]


@dataclass(frozen=True)
class Backend:
    """What the suite has to know of a back end.

    Attributes
    ----------
    runs_in
        The precisions it is run in.
    approximates
        Whether it is held to the rounding bound of float32 in every precision. The shared-decay expansion is off by up to 1.5e-8 of an
        event for decays that no node hits: less than one rounding in float32.
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
        "triton": Backend(("float32",), slow=True),
    }
)


def use(name: str) -> AbstractContextManager[object]:
    """Inside the ``with`` block the kernels are those of a back end.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    BackendError
        If it can't run here.
    """
    chosen = getattr(kernels, "use_backend", None)
    if chosen is None:
        if name != "plain":
            raise UnknownNameError(
                "unknown back end", got=repr(name), expected="'plain'", remedy="install a version of hetsyn-sim that has it"
            )
        return nullcontext()
    context: AbstractContextManager[object] = chosen(name)
    return context


def _found() -> dict[str, str]:
    """The back ends that there are -> why they can't run here, or ``""``."""
    found = {}
    for name in KNOWN:
        try:
            with use(name):
                found[name] = ""
        except UnknownNameError:
            continue
        except BackendError as error:
            found[name] = str(error)
    return found


#: The back ends of this installation -> why they can't run here, or ``""`` if they can.
BACKENDS: Mapping[str, str] = MappingProxyType(_found())
