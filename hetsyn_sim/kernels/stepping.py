"""A population that is stepped: any model's step, over time, by the kernel that is fastest where it runs."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ..discrete.stepping import SteppedProgram
from .codegen import can_step, compiled_step_scan
from .plain_stepping import plain_step_scan
from .scan import SurrogateDerivative
from .step_data import Carried, Drive, StepOptions, StepResult


def step_scan(
    program: SteppedProgram,
    constants: Mapping[str, Tensor],
    drive: Drive,
    begin: Carried,
    surrogate: SurrogateDerivative,
    options: StepOptions,
) -> StepResult:
    """Run a population over time, compiled where that can be: on the CPU, with a compiler, and with a surrogate that is compiled, too.

    Arguments and results are those of :func:`plain_step_scan`.

    Raises
    ------
    DataError, UnknownNameError
        If shapes, types or names do not fit each other, where it runs compiled.
    """
    scan = compiled_step_scan if can_step(program, drive, begin, surrogate) else plain_step_scan
    return scan(program, constants, drive, begin, surrogate, options)
