"""Whether the generated kernels are to be used."""

from __future__ import annotations

import warnings
from functools import cache

from ...discrete.stepping import SteppedProgram
from ...errors import BackendWarning
from ..backends import backend_for
from ..fused import kernel_of
from ..scan import SurrogateDerivative
from ..step_data import Carried, Drive
from .compiler import find_compiler


def covers(program: SteppedProgram, surrogate: SurrogateDerivative) -> bool:
    """Whether there is a kernel: a spike's derivative has to be one of those that are compiled, unless it has none."""
    return not program.spiking or bool(program.model.output) or kernel_of(surrogate) is not None


def can_step(program: SteppedProgram, drive: Drive, begin: Carried, surrogate: SurrogateDerivative) -> bool:
    """Whether the generated kernels are to be used for a ``program`` on a ``drive``, from ``begin`` on.

    Without a compiler they can't be, which is said once.
    """
    paths = [tensor for path in drive.recurrent_sums.values() for tensor in path]
    arriving = [*drive.jumps.values(), *drive.sums.values(), *drive.recurrent_jumps.values(), *paths]
    if backend_for(begin.spikes, *begin.states.values(), *arriving) != "fused" or not covers(program, surrogate):
        return False
    if find_compiler() is None:
        _say_that_there_is_no_compiler()
        return False
    return True


@cache
def _say_that_there_is_no_compiler() -> None:
    warnings.warn(
        "there is no C++ compiler: neurons that are stepped work in plain torch, many times slower. Install g++, or set CXX to a compiler.",
        BackendWarning,
        stacklevel=4,
    )
