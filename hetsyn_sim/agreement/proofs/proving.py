"""Proofs of spike trains: of recordings as they are, and of a network on a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from os import PathLike
from time import perf_counter
from typing import Any, Final, NamedTuple

import numpy as np
import sympy
from numpy.typing import NDArray

from ...data.checkpoint import Checkpoint
from ...data.decoding import Decoder, check_input
from ...data.events import SpikeDataset
from ...data.recording import Raster, Recording, check_same_dt
from ...discrete import simulate_reference
from ...discrete.tape import run_tape, tape_of
from ...errors import DataError
from ...spec import NetworkSpec
from ...spec.values import check_values
from . import balls
from .intervals import INTERVALS, Interval
from .paths import Sum, check_provable, sums
from .proof import FLOAT64, TIE, Cell, Proof, joined
from .ties import is_tie
from .voltages import distances

#: Bits of the first ball; each further one has twice as many.
FIRST_BITS: Final = 53
#: Bits of the last ball. Where v is not theta some precision shows it; this many cost seconds for a neuron of a thousand events.
LAST_BITS: Final = 53 * 2**8
#: Arrays of a voltage's size that are alive at once.
_ARRAYS: Final = 8
#: What they may take.
BATCH_BYTES: Final = 256 * 2**20


def prove(
    checkpoint: Checkpoint | str | PathLike[str],
    data: SpikeDataset | Recording,
    *,
    run: Callable[[Raster], Recording] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Proof:
    """Prove the spike trains of a network: that rounding has decided about none of them.

    Parameters
    ----------
    checkpoint
        The network, or the path of its file. Its values are taken as exact.
    data
        The recordings to run it on, for as long as its decoder says; or a recording of it in any simulator, whose spikes are to be proved.
    run
        What simulates a batch of input (time, recording, channel); by default :func:`~hetsyn_sim.discrete.simulate_reference`.
    progress
        Called with the fraction done, from 0 to 1.

    Returns
    -------
    Proof
        ``complete`` if every cell is proved; else the cells that are refuted or left open.

    Raises
    ------
    SpecError
        If v of one of its populations is no sum of exponentially decaying events, with its name.
    CheckpointError
        If there is no such checkpoint.
    DtMismatchError, DataError
        If the recordings do not fit the network, or there are none.
    """
    checkpoint = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint.load(checkpoint)
    spec = checkpoint.spec
    values = {key: np.asarray(value, dtype=np.float64) for key, value in checkpoint.values.items()}
    check_provable(spec)
    report = progress or (lambda fraction: None)
    if isinstance(data, Recording):
        return prove_recording(spec, values, data)
    check_input(data, spec, where="prove")
    n_steps = Decoder.of(checkpoint).length(data)
    simulate = run or (lambda raster: simulate_reference(spec, values, raster, record=()))
    widest = sum(p.size for p in spec.populations) + spec.n_input
    batch_size = max(1, BATCH_BYTES // (_ARRAYS * 8 * n_steps * widest))
    parts = []
    report(0.0)
    for begin in range(0, len(data), batch_size):
        batch = data[begin : begin + batch_size]
        parts.append(prove_recording(spec, values, simulate(batch.rasters(n_steps))))
        report((begin + len(batch)) / len(data))
    return joined(parts)


def prove_recording(spec: NetworkSpec, values: Mapping[str, NDArray[Any]], recording: Recording) -> Proof:
    """Prove the rasters of a recording, with parameter values in SI units by slot key that are taken as exact.

    Raises
    ------
    SpecError
        If v of a population is no sum of exponentially decaying events, or the values are not those of the network.
    DtMismatchError, DataError
        If the recording is not one of this network.
    """
    start = perf_counter()
    _check_recording(spec, recording)
    with_arb = balls.available()
    layers = [_Layer(each, recording, balls.enclose if with_arb else enclose) for each in sums(spec, check_values(spec, values))]
    decided: Counter[str] = Counter()
    refuted: list[Cell] = []
    open_cells: list[Cell] = []
    n_cells = n_blocked = 0
    for at in range(recording.n_runs):
        n_cells += sum(layer.proved[:, at].size for layer in layers)
        n_blocked += _prove_run(layers, at, decided, refuted, open_cells)
    return Proof(
        recording.simulator,
        recording.n_runs,
        recording.n_steps,
        n_cells,
        dict(decided),
        tuple(refuted),
        tuple(open_cells),
        n_blocked,
        max(float(np.max(layer.bound, initial=0.0)) for layer in layers),
        min(layer.closest for layer in layers),
        "Arb" if with_arb else "NumPy",
        perf_counter() - start,
    )


class _Layer:
    """A population with a threshold: its spikes, and what float64 says of each cell, (time, run, post)."""

    def __init__(self, of: Sum, recording: Recording, enclose: Callable[[sympy.Expr, Any], Interval]) -> None:
        self.of, self.recording, self.spikes = of, recording, recording.rasters[of.name]
        self.distance, self.bound = distances(of, recording, enclose)
        # NaN is on neither side
        above, below = self.distance > self.bound, self.distance < -self.bound
        self.proved = np.where(self.spikes, above, below)
        self.closest = float(np.min(np.abs(self.distance) - self.bound, initial=np.inf, where=self.proved))


class _Decision(NamedTuple):
    """What v - theta is known to be: its sign, or None; an interval; by which arithmetic."""

    sign: int | None
    low: float
    high: float
    how: str


def _prove_run(layers: list[_Layer], at: int, decided: Counter[str], refuted: list[Cell], open_cells: list[Cell]) -> int:
    """Prove one recording, in the order of time and layers. Returns the number of cells that what is refuted or open leaves unknown."""
    n_steps = len(layers[0].spikes)
    known_before = n_steps  # the first step in which a layer before has a cell that is not proved: the next layer sees it in that step
    n_blocked = 0
    for layer in layers:
        known, end = layer.proved[:, at], known_before
        for step, neuron in np.argwhere(~known[:end]).tolist():
            if step >= end:
                break
            decision = _decide(layer, at, step, neuron)
            spike = bool(layer.spikes[step, at, neuron])
            if decision.sign is not None and (decision.sign > 0) == spike:
                decided[decision.how] += 1
                continue
            cell = Cell(at, step, layer.of.name, neuron, spike, decision.low, decision.high, decision.how)
            (open_cells if decision.sign is None else refuted).append(cell)
            end = step + 1  # the other neurons of this step do not depend on it
            known_before = step
        decided[FLOAT64] += int(known[:end].sum())
        n_blocked += known[end:].size
    return n_blocked


def _decide(layer: _Layer, at: int, step: int, neuron: int) -> _Decision:
    """On which side of its threshold a neuron is, given all spikes before; by float64, by ever more bits, or as an exact tie."""
    value, bound = float(layer.distance[step, at, neuron]), float(layer.bound[at, neuron])
    if abs(value) > bound:
        return _Decision(1 if value > 0 else -1, value - bound, value + bound, FLOAT64)
    place = layer.of, layer.recording, at, step, neuron
    nearest = _Decision(None, value - bound, value + bound, FLOAT64)
    bits = FIRST_BITS
    while balls.available() and bits <= LAST_BITS:
        ball = balls.distance(*place, bits)
        low, high = balls.ends(ball)
        nearest = _Decision(None, low, high, f"{bits} bits")
        if ball > 0 or ball < 0:
            return nearest._replace(sign=1 if ball > 0 else -1)
        if not ball.is_finite():
            break
        if bits == 2 * FIRST_BITS and is_tie(
            *place
        ):  # dearer than two balls, and needed once: what is no tie has a precision that shows it
            return _Decision(0, 0.0, 0.0, TIE)
        bits *= 2
    if not balls.available() and is_tie(*place):
        return _Decision(0, 0.0, 0.0, TIE)
    return nearest


def enclose(expression: sympy.Expr, values: Any) -> Interval:
    """An expression of parameters as an interval, without Arb."""
    tape = tape_of(expression)
    exact = {name: np.asarray(values[name], dtype=np.float64) for name in tape.inputs}
    with np.errstate(all="ignore"):  # infinities are ends as good as others, and what is no number has none
        found: Interval = run_tape(tape, {name: Interval(value, value) for name, value in exact.items()}, INTERVALS)[0]
    return found


def _check_recording(spec: NetworkSpec, recording: Recording) -> None:
    check_same_dt(recording.dt, spec.dt_s, where=f"prove: the recording ({recording.simulator}) and the network")
    wanted = {"input": spec.n_input} | {p.name: p.size for p in spec.populations if p.model.spiking}
    shapes = {name: raster.shape for name, raster in recording.rasters.items()}
    if any(shapes.get(name, (0, 0, 0))[2] != n for name, n in wanted.items()) or not recording.n_runs or not recording.n_steps:
        raise DataError(
            "this recording is not one of the network",
            where="prove",
            got=", ".join(f"{name}: {shape}" for name, shape in shapes.items()) or "no rasters",
            expected=", ".join(f"{name}: (time, run, {n})" for name, n in wanted.items()),
            remedy="prove what a simulation of this network's own checkpoint gave, with the rasters of all layers",
        )
