"""Step scans: any model's step over time, by generated kernels where they can be used, else in plain torch."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cache

from torch import Tensor

from ..discrete.stepping import SteppedProgram
from ..errors import BackendWarning
from .backends import backend_for
from .codegen import compiled_step_scan, covers, find_compiler
from .plain_stepping import plain_step_scan
from .scan import SurrogateDerivative
from .slow import say_slow
from .step_data import Carried, Drive, StepOptions, StepResult


def step_scan(
    program: SteppedProgram,
    constants: Mapping[str, Tensor],
    drive: Drive,
    begin: Carried,
    surrogate: SurrogateDerivative,
    options: StepOptions,
) -> StepResult:
    """Run a population over time, with the arguments and results of :func:`plain_step_scan`.

    Raises
    ------
    DataError, UnknownNameError
        If shapes, types or names do not fit each other, where it runs compiled.
    """
    scan = compiled_step_scan if can_step(program, drive, begin, surrogate) else plain_step_scan
    return scan(program, constants, drive, begin, surrogate, options)


def can_step(program: SteppedProgram, drive: Drive, begin: Carried, surrogate: SurrogateDerivative) -> bool:
    """Whether the generated kernels are to be used for a ``program`` on a ``drive``, from ``begin`` on.

    Without a compiler they can't be. Nor can they step recurrent synapses that are more than filters, or have delays. Each is said once.
    """
    paths = [tensor for path in drive.recurrent_sums.values() for tensor in path]
    arriving = [*drive.jumps.values(), *drive.sums.values(), *drive.recurrent_jumps.values(), *paths]
    if backend_for(begin.spikes, *begin.states.values(), *arriving) != "fused" or not covers(program, surrogate):
        return False
    if drive.recurrent_synapses is not None or drive.recurrent_delay is not None:
        say_slow(program.model.name, "recurrent delays" if drive.recurrent_synapses is None else "recurrent synapses")
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
