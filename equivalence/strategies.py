"""Hypothesis strategies for networks: what is valid, including its corners, shrinking to one neuron, one synapse and one spike.

From small to large: :func:`dts`, :func:`time_constants`, :func:`weights`, :func:`step_orders`, :func:`spike_trains`, :func:`models`,
:func:`networks`, :func:`checkpoints`, :func:`recordings`. Models that nobody has written come from :mod:`equivalence.neuron_models`, the
corners that are always tried from :mod:`equivalence.corners`.

Sizes, structure, step order, time constants and the number of spikes are drawn, so a failing network shrinks to something that can be drawn
on paper. Large arrays come from a seed. Weights are scaled so that the network spikes: agreement on silence proves little.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import Any, Literal

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.recording import Recording
from hetsyn_sim.models import MODELS
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel, StepOrder

from .drawing import drive, per_neuron, values_of
from .simulators import REFERENCE, find

SPIKING_MODELS = tuple(model for model in MODELS.values() if model.spiking)
READOUTS = tuple(model for model in MODELS.values() if not model.spiking)
#: All six orders of a step, the default first.
STEP_ORDERS = tuple(StepOrder((*first, "feedforward", "threshold")) for first in permutations(("decay", "reset", "recurrent")))


@dataclass(frozen=True)
class Case:
    """A network with its parameter values (SI units, by slot key) and its input raster of shape (time, run, channel)."""

    spec: NetworkSpec
    values: dict[str, NDArray[np.float64]]
    inputs: NDArray[np.bool_]

    @cached_property
    def reference(self) -> Recording:
        """The recording of the reference, made once: a corner is tried with every simulator."""
        return find(REFERENCE).run(self.spec, self.values, self.inputs)

    def __repr__(self) -> str:
        spikes = [tuple(int(k) for k in cell) for cell in np.argwhere(self.inputs)]
        shown = str(spikes) if len(spikes) <= 20 else f"{len(spikes)} spikes"
        values = "".join(f"\n  {key} = {value.tolist()}" for key, value in self.values.items())
        projections = ", ".join(f"{p.name} ({p.n_post} x {p.n_pre})" for p in self.spec.projections)
        models_ = ", ".join(p.model.name for p in self.spec.populations)
        head = f"{models_}; {projections}; dt = {self.spec.dt_s} s; {self.spec.step_order}"
        return f"Case({head}{values}\n  inputs {self.inputs.shape}, spikes (step, run, channel): {shown})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # Hypothesis would spell out the spec


def dts() -> st.SearchStrategy[float]:
    """Time steps in seconds, 0.1 to 10 ms, most of them no round numbers."""
    return st.just(1e-3) | st.floats(1e-4, 1e-2)


def time_constants(dt: float, n_steps: int) -> st.SearchStrategy[float]:
    """Time constants in seconds: comparable with dt, and the corners 0, far below dt, far above the recording, and infinite."""
    corners = (0.0, 1e-3 * dt, 1e3 * n_steps * dt, math.inf)
    return st.one_of(st.integers(1, 40).map(lambda k: k * dt), st.floats(0.2, 100.0).map(lambda k: k * dt), st.sampled_from(corners))


def weights() -> st.SearchStrategy[float]:
    """Synaptic weights in units of the threshold: excitatory, inhibitory and none. In millionths: no precision underflows there."""
    return st.floats(-3.0, 3.0).map(lambda w: round(w, 6))


def step_orders() -> st.SearchStrategy[StepOrder]:
    """All orders of a step."""
    return st.sampled_from(STEP_ORDERS)


@st.composite
def spike_trains(draw: st.DrawFn, n_steps: int, n_runs: int, n_channels: int) -> NDArray[np.bool_]:
    """Input rasters of shape (time, run, channel), from one spike to a spike in every cell; now and then none."""
    rate = draw(st.sampled_from((*(0.3, 0.1, 0.8, 1.0) * 3, 0.0)))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    raster = rng.random((n_steps, n_runs, n_channels)) < rate
    if rate > 0.0 and not raster.any():
        raster[0] = True
    cells = rng.permutation(np.argwhere(raster))
    kept = draw(st.integers(1, 3) | st.just(len(cells)))
    few = np.zeros_like(raster)
    few[tuple(cells[:kept].T)] = True
    return few


def models(of: Sequence[NeuronModel]) -> st.SearchStrategy[NeuronModel]:
    """One of some models as it ships, or with every parameter of the layer as one value per neuron."""
    return st.sampled_from(list(of)) | st.sampled_from([per_neuron(model) for model in of])


@st.composite
def networks(
    draw: st.DrawFn,
    of: Sequence[NeuronModel] = SPIKING_MODELS,
    readouts: Sequence[NeuronModel] = READOUTS,
    *,
    max_layers: int = 3,
    max_size: int = 4,
    max_steps: int = 40,
    max_runs: int = 2,
    moderate: bool = False,
) -> Case:
    """Networks with values and input: feed-forward or recurrent, shallow or deep, with or without readout and self-connections.

    Parameters
    ----------
    of, readouts
        The models to choose from; no readouts for networks without one.
    max_layers, max_size, max_steps, max_runs
        Limits. They are small because small networks find the same faults and say more about them.
    moderate
        Only time constants that have a finite, non-zero derivative: half a step to 100 steps.
    """
    size = st.integers(1, max_size)
    dt, n_steps = draw(dts()), draw(st.integers(1, 2 * max_steps).map(lambda k: min(k, max_steps)))
    layers = []
    for _ in range(draw(st.integers(1, max_layers))):
        recurrent = draw(st.booleans())
        layers.append(Layer(draw(models(of)), draw(size), recurrent, draw(st.booleans()) if recurrent else True))
    readout = Layer(draw(models(readouts)), draw(size)) if bool(readouts) and draw(st.booleans()) else None
    spec = NetworkSpec(dt, draw(size), layers, readout, draw(step_orders()))
    inputs = draw(spike_trains(n_steps, draw(st.integers(1, max_runs)), spec.n_input))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    one_time = st.floats(0.5, 100.0).map(lambda k: k * dt) if moderate else time_constants(dt, n_steps)
    times = draw(st.lists(one_time, min_size=1, max_size=4))
    values = {key: values_of(slot, times, rng) for key, slot in spec.slots.items()}
    # How far the drive of most neurons would go beyond their threshold if they did not spike. No whole numbers: a neuron that never forgets
    # would be reset exactly onto its threshold.
    for name in [p.name for p in spec.populations if p.model.spiking]:
        drive(spec, values, inputs, name, draw(st.sampled_from((3.1, 2.2, 6.3, 1.6, 4.7, 2.7))))
    return Case(spec, values, inputs)


@st.composite
def checkpoints(draw: st.DrawFn, cases: st.SearchStrategy[Case] | None = None) -> tuple[Checkpoint, NDArray[np.bool_]]:
    """Checkpoints in either precision, with what may be written into them, and an input for the network."""
    case = draw(networks() if cases is None else cases)
    dtype = draw(st.sampled_from(("float64", "float32")))
    numbers = st.floats() | st.integers(-(2**53), 2**53) | st.booleans() | st.none()
    plain = st.dictionaries(st.text(max_size=5), st.recursive(numbers | st.text(max_size=5), st.lists, max_leaves=3), max_size=3)
    seeds = st.dictionaries(st.text(max_size=5), st.integers(0, 2**32), max_size=2)
    order: Literal["C", "F"] = draw(st.sampled_from(("C", "F")))  # what a transposed array has
    values = {key: np.array(value, dtype=dtype, order=order) for key, value in case.values.items()}
    return Checkpoint(case.spec, values, recipe=draw(plain), seeds=draw(seeds), data=draw(plain), metrics=draw(plain)), case.inputs


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    """Recordings of any populations, with traces of any numbers: NaN, infinities and -0.0 among them."""
    shape = (draw(st.integers(1, 8)), draw(st.integers(1, 3)))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    names = st.lists(st.from_regex(r"[a-z][a-z_0-9]{0,7}", fullmatch=True), unique=True, max_size=3)
    rasters = {name: rng.random((*shape, draw(st.integers(1, 3)))) < 0.5 for name in ["input", *draw(names)]}
    traces = {}
    for name in draw(names):
        trace = rng.normal(size=(*shape, draw(st.integers(1, 3)))).astype(draw(st.sampled_from(("float64", "float32"))))
        trace.flat[0] = draw(st.floats(width=32))
        traces[f"{name}.v"] = trace
    return Recording(draw(dts()), rasters, traces, draw(st.text(st.characters(exclude_characters="\0"), max_size=10)))
