"""The registry of simulators. Whatever is in it is held to every property of this suite.

To add one, write a function ``run(spec, values, inputs) -> Recording`` with the layout of
:func:`hetsyn_sim.discrete.simulate_reference` and put it into :data:`SIMULATORS`. Nothing else has to change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray

from hetsyn_sim.agreement.outcome import Precision
from hetsyn_sim.brian import FORMS, Device, simulate
from hetsyn_sim.brian.devices import find_device
from hetsyn_sim.brian.equations import sums_in_use
from hetsyn_sim.data.recording import Recording
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import BackendError
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.spec import NetworkSpec
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.network import Network

from .backends import BACKENDS, KNOWN
from .cuda_on_cpu import CUDA_ON_CPU, why_not

Values = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Simulator:
    """A way to run a network.

    Attributes
    ----------
    run
        ``run(spec, values, inputs)``: values in SI units by slot key, inputs a bool raster of shape (time, batch, channel).
    dtype
        The precision whose rounding bound it is held to.
    slow
        Whether a network costs about a second to build. Properties try fewer examples on slow simulators.
    compiled
        Whether every network is compiled, for a minute: it runs a few chosen networks and no generated ones.
    unavailable
        Says why it can't run here, or ``""`` if it can.
    """

    run: Callable[[NetworkSpec, Values, NDArray[np.bool_]], Recording]
    dtype: Precision = "float64"
    slow: bool = False
    compiled: bool = False
    unavailable: Callable[[], str] = lambda: ""


def states_of(spec: NetworkSpec) -> list[str]:
    """The voltage and the states behind it: recorded, so that a divergence can name the one that differed first."""
    sums = [name for p in spec.populations for name in p.model.summed]
    own = [name for p in spec.populations for name in p.model.neuron_equations.states]
    return list(dict.fromkeys(("v", *sums, *own)))


def _reference(spec: NetworkSpec, values: Values, inputs: NDArray[np.bool_]) -> Recording:
    return simulate_reference(spec, values, inputs, record=states_of(spec))


def _torch(spec: NetworkSpec, values: Values, inputs: NDArray[np.bool_], *, backend: str, dtype: Precision) -> Recording:
    with use_backend(backend), default_dtype(getattr(torch, dtype)):
        return Network(spec, values=values, trainable=False).record(inputs, states_of(spec))


def _torch_simulators() -> Iterator[tuple[str, Simulator]]:
    for name, reason in BACKENDS.items():
        facts = KNOWN[name]
        for dtype in facts.runs_in:
            run = partial(_torch, backend=name, dtype=dtype)
            bound: Precision = "float32" if facts.approximates else dtype
            yield f"torch {name} {dtype}", Simulator(run, bound, facts.slow, unavailable=partial(str, reason))


def _brian2(spec: NetworkSpec, values: Values, inputs: NDArray[np.bool_], *, device: str | Device, form: str) -> Recording:
    unused = {name for p in spec.populations for name in p.model.summed} - {n for p in spec.populations for n in sums_in_use(p.model)}
    # two rounds: recordings side by side, and recordings after others
    n_synapses, half = sum(q.n_pre * q.n_post for q in spec.projections), -(-inputs.shape[1] // 2)
    chosen = replace(find_device(device), side_by_side=half * n_synapses)
    return simulate(spec, values, inputs, device=chosen, form=form, record=[name for name in states_of(spec) if name not in unused])


def _missing_for(device: str) -> str:
    try:
        find_device(device)
    except BackendError as error:
        return str(error)
    return ""


def _brian2_simulators() -> Iterator[tuple[str, Simulator]]:
    for device, compiled in (("numpy", False), ("cython", True), ("cpp_standalone", True), ("cuda_standalone", True)):
        for form in FORMS:
            run, missing = partial(_brian2, device=device, form=form), partial(_missing_for, device)
            name = f"brian2 {device}" if form == "ode" else f"brian2 {device} {form}"
            yield name, Simulator(run, slow=True, compiled=compiled, unavailable=missing)
    for form in FORMS:  # the CUDA device's logic, without a GPU
        name = "cuda on cpu" if form == "ode" else f"cuda on cpu {form}"
        yield name, Simulator(partial(_brian2, device=CUDA_ON_CPU, form=form), slow=True, compiled=True, unavailable=why_not)


#: The simulator that the others are compared with.
REFERENCE = "reference"

#: Every simulator by its name.
SIMULATORS: Mapping[str, Simulator] = MappingProxyType(
    {REFERENCE: Simulator(_reference), **dict(_torch_simulators()), **dict(_brian2_simulators())}
)


def find(simulator: str | Simulator) -> Simulator:
    """The simulator of a name; a simulator is itself."""
    return SIMULATORS[simulator] if isinstance(simulator, str) else simulator


def names(*, slow: bool | None = None, reference: bool = True, compiled: bool = False) -> list[str]:
    """The names of the simulators that compile no code, or of those that do: all, or the (not) slow ones, with or without the reference."""
    chosen = {n: s for n, s in SIMULATORS.items() if s.compiled == compiled and (slow is None or s.slow == slow)}
    return [n for n in chosen if reference or n != REFERENCE]


def precision(*simulators: str | Simulator) -> Precision:
    """The lower precision of some simulators."""
    return "float32" if any(find(simulator).dtype == "float32" for simulator in simulators) else "float64"
