"""Noise ``xi`` in Brian2 with numbers that are counted: Brian2's own methods of integration, and a function in place of ``randn()``.

The numbers are those of :mod:`hetsyn_sim.discrete.noise`, made step by step, so that nothing is kept. NumPy calls that module; Cython and
C++ have a source of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from brian2.core.functions import Function
from brian2.equations.equations import INTEGER, PARAMETER, SingleEquation
from brian2.stateupdaters.base import StateUpdateMethod
from brian2.units.fundamentalunits import DIMENSIONLESS

from ..spec import Population
from .built import BuiltNetwork, set_value
from .equations import STEPS_PER_RECORDING, free_name
from .methods import Method

#: What a group with noise has: the seed, and the number of the recording that a run begins with.
NOISE_SEED, FIRST_RECORDING = "noise_seed", "first_recording"
_FUNCTION: Final = "counted_normal"

_CPP: Final = """
#include <stdint.h>
#include <math.h>
static inline double counted_normal(int64_t seed, int64_t recording, int64_t step, int64_t stream, int64_t neuron)
{
    uint32_t x0 = (uint32_t)step, x1 = (uint32_t)neuron, x2 = (uint32_t)recording, x3 = (uint32_t)stream;
    uint32_t k0 = (uint32_t)seed, k1 = 0;
    for (int k = 0; k < 10; k++)
    {
        const uint64_t p = (uint64_t)0xD2511F53u * x0, q = (uint64_t)0xCD9E8D57u * x2;
        x0 = (uint32_t)(q >> 32) ^ x1 ^ k0;
        x1 = (uint32_t)q;
        x2 = (uint32_t)(p >> 32) ^ x3 ^ k1;
        x3 = (uint32_t)p;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    const double share = (double)(((uint64_t)(x0 >> 5) << 26) | (x1 >> 6)) / 9007199254740992.0;
    const double turn = (double)(((uint64_t)(x2 >> 5) << 26) | (x3 >> 6)) / 9007199254740992.0;
    return sqrt(-2.0*log(1.0 - share)) * cos(2.0*3.14159265358979323846*turn);
}
"""
#: The same source inside of what Cython makes.
_CYTHON: Final = (
    'cdef extern from *:\n    """'
    + _CPP.replace("\n", "\n    ")
    + '"""\n    double counted_normal(int64_t seed, int64_t recording, int64_t step, int64_t stream, int64_t neuron)\n'
)


def _counted_normal(*counters: Any) -> Any:
    from ..discrete.noise import standard_normal  # imported only where NumPy needs it, like all of our own arithmetic

    return standard_normal(*counters)


#: ``counted_normal(seed, recording, step, stream, neuron)`` in Brian2's language.
COUNTED_NORMAL: Final = Function(
    _counted_normal, arg_units=[1] * 5, arg_types=["integer"] * 5, return_unit=1, return_type="float", stateless=True
)
COUNTED_NORMAL.implementations.add_implementation("cpp", _CPP)
COUNTED_NORMAL.implementations.add_implementation("cython", _CYTHON)


class CountedNoise(StateUpdateMethod):
    """One of Brian2's methods for noise, by its name, with ``numbers`` in place of those that it draws: noise -> an expression."""

    def __init__(self, name: str, numbers: Mapping[str, str]) -> None:
        self.name, self.numbers = name, numbers

    def __call__(self, equations: Any, variables: Any = None, method_options: Any = None) -> str:
        code = str(StateUpdateMethod.stateupdaters[self.name](equations, variables, method_options))
        for noise, number in self.numbers.items():
            drawn = f"{noise} = dt**.5 * randn()"
            assert code.splitlines().count(drawn) == 1, "Brian2 writes noise in another way"
            code = code.replace(drawn, f"{noise} = dt**.5 * {number}")
        return code


def counted(method: Method, population: Population, *, recordings: bool, copies: int) -> Method:
    """A method of Brian2's with the numbers that PyTorch has, too. Without ``recordings`` they go on with time."""
    from ..discrete.noise import stream_of

    seed, *counters = _counters(population, recordings=recordings, copies=copies)
    first = free_name(FIRST_RECORDING, population.model.names_of("neuron"))
    recording, step, neuron = counters
    numbers = {
        xi: f"{_FUNCTION}({seed}, {recording}, {step}, {stream_of(population.name, xi)}, {neuron})" for xi in population.model.white_noise
    }
    return replace(
        method,
        updater=CountedNoise(method.name, numbers) if numbers else method.updater,
        reason="its normal numbers are counted, and so PyTorch's are the same" if numbers else method.reason,
        declared=(
            *method.declared,
            *(SingleEquation(PARAMETER, name, DIMENSIONLESS, var_type=INTEGER, flags=["constant", "shared"]) for name in (seed, first)),
        ),
        namespace=MappingProxyType({**method.namespace, _FUNCTION: COUNTED_NORMAL}),
    )


def code_of_events(population: Population, name: str, dt: float, *, recordings: bool, copies: int) -> str:
    """A statement that adds a step's random events to their state, by the number that is counted for each neuron."""
    from ..discrete.noise import LARGEST, levels_of_events, stream_of

    model, drive = population.model, population.model.random_events[name]
    levels = [max(level, -LARGEST - 1.0) for level in levels_of_events(drive.n, drive.probability(dt, where=f"{population.name}: {name}"))]
    seed, recording, step, neuron = _counters(population, recordings=recordings, copies=copies)
    number = free_name("counted_number", model.names_of("neuron"))
    events = " + ".join(f"int({number} > {level!r})" for level in levels) or "0"
    active = "*int(not_refractory)" if drive.target in model.neuron_equations.frozen else ""
    drawn = f"{number} = {_FUNCTION}({seed}, {recording}, {step}, {stream_of(population.name, name)}, {neuron})"
    return f"{drawn}\n{drive.target} += ({drive.weight})*({events}){active}"


def _counters(population: Population, *, recordings: bool, copies: int) -> tuple[str, str, str, str]:
    """The seed, the recording, the step and the neuron, as Brian2 finds them. Without ``recordings`` steps go on with time."""
    taken = population.model.names_of("neuron")
    seed, first = free_name(NOISE_SEED, taken), free_name(FIRST_RECORDING, taken)
    if not recordings:
        return seed, first, "timestep(t, dt)", "i"
    recording, step, neuron = f"timestep(t, dt)//{STEPS_PER_RECORDING}", f"timestep(t, dt) % {STEPS_PER_RECORDING}", "i"
    if copies > 1:
        recording, neuron = f"{recording}*{copies} + i//{population.size}", f"i % {population.size}"
    return seed, f"{first} + {recording}", step, neuron


def noise_values(built: BuiltNetwork, seed: int, first: int) -> dict[tuple[str, str], int]:
    """Population and variable -> value, of all that noise is counted by."""
    noisy = [p for p in built.spec.populations if p.model.noise]
    return {
        (p.name, free_name(name, p.model.names_of("neuron"))): value
        for p in noisy
        for name, value in ((NOISE_SEED, seed), (FIRST_RECORDING, first))
    }


def set_noise(built: BuiltNetwork, seed: int, first: int = 0) -> None:
    """Give a network the seed of its noise, and the number of the recording that the next run begins with."""
    for (population, variable), value in noise_values(built, seed, first).items():
        set_value(built.groups[population], variable, value)
