"""Time constants out of trained networks: one row for each, with the synapse that it belongs to and what it was before training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.discrete import is_time_constant
from hetsyn_sim.errors import DataError
from hetsyn_sim.spec import NetworkSpec, ParameterSlot

from .table import TauTable

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Run:
    """A training: what it began with and what it came to.

    Attributes
    ----------
    name
        Of its folder or file.
    trained, initial
        Checkpoints of the same network. ``initial`` is None where only the trained one is there.
    """

    name: str
    trained: Checkpoint
    initial: Checkpoint | None


def find_runs(paths: Sequence[str | PathLike[str]]) -> list[Run]:
    """The trainings of these places: checkpoint files, folders of a run, or folders of such folders.

    Raises
    ------
    DataError
        If a place holds none, or the networks are not alike.
    CheckpointError
        If a file can't be read.
    """
    runs = [run for path in paths for run in _runs_of(Path(path))]
    if not runs:
        raise DataError(
            "there is nothing to analyse", where="find_runs", got="no paths", expected="at least one", remedy="name a checkpoint"
        )
    shapes = [{key: slot.shape for key, slot in run.trained.spec.slots.items()} for run in runs]
    for run, shape in zip(runs, shapes, strict=True):
        if shape != shapes[0] or run.trained.spec.dt_s != runs[0].trained.spec.dt_s:
            raise DataError(
                "these networks are not alike",
                where=run.name,
                got=f"dt {1e3 * run.trained.spec.dt_s:g} ms, {_sizes(run.trained.spec)}",
                expected=f"dt {1e3 * runs[0].trained.spec.dt_s:g} ms, {_sizes(runs[0].trained.spec)}, as in {runs[0].name}",
                remedy="analyse networks of one kind at a time; several seeds of it may go together",
            )
    return runs


def _sizes(spec: NetworkSpec) -> str:
    return "-".join([str(spec.n_input), *(f"{p.size} {p.model.name}" for p in spec.populations)])


def _runs_of(path: Path) -> Iterator[Run]:
    if not path.is_dir():
        beside = path.with_name("initial.safetensors")
        yield Run(path.parent.name or path.stem, Checkpoint.load(path), Checkpoint.load(beside) if beside.is_file() else None)
        return
    folders = [path] if (path / "checkpoint.safetensors").is_file() else sorted(f.parent for f in path.glob("*/checkpoint.safetensors"))
    if not folders:
        raise DataError(
            "there is no finished training in this folder",
            where=str(path),
            got=", ".join(sorted(f.name for f in path.iterdir())[:5]) or "an empty folder",
            expected="checkpoint.safetensors, or folders that hold one each",
            remedy="train first, or name another folder",
        )
    for folder in folders:
        yield from _runs_of(folder / "checkpoint.safetensors")


def learned_slots(spec: NetworkSpec) -> list[ParameterSlot]:
    """The trained time constants, of synapses and of neurons.

    Raises
    ------
    DataError
        If the network learned no time constants.
    """
    chosen = [slot for slot in spec.slots.values() if slot.parameter.trainable and is_time_constant(slot)]
    if not chosen:
        raise DataError(
            "this network has no learned time constants",
            where=_sizes(spec),
            got="none that was trained",
            expected="a model such as HetSynLIF or HetNeuLIF",
            remedy="analyse another network",
        )
    return chosen


def extract(
    run: Run, *, seed: int = 0, longest: float = np.inf, limits: tuple[float, float] | None = None, rates: Mapping[str, Array] | None = None
) -> TauTable:
    """Every learned time constant of a network.

    Parameters
    ----------
    run
        The network.
    seed
        What to call it in the column ``seed``.
    longest
        Length of a trial in seconds. What is shorter than a step or longer than a trial can't be told from 0 or from infinity: those are
        the limits, beyond which time constants are censored.
    limits
        Others, in seconds.
    rates
        Population (``input``, ``layer_1``, ...) -> mean rate of its neurons in Hz, shape (n,).

    Returns
    -------
    TauTable
        Columns ``seed``, ``layer``, ``kind`` (``input``, ``feedforward``, ``recurrent``, ``readout``), ``post``, ``pre`` (-1 for time
        constants of neurons), ``w`` (in volts per spike, NaN for neurons), ``sign``, ``initial`` (seconds; NaN if unknown), ``rho`` and
        ``rho_initial`` (decay for a step), ``rate_hz`` (of the neuron before the synapse; NaN if unknown).
    """
    spec = run.trained.spec
    parts = [_part(run, slot, rates or {}) for slot in learned_slots(spec)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    tau = columns.pop("tau")
    columns["seed"] = np.full(tau.size, seed)
    low, high = limits or (spec.dt_s, longest)
    return TauTable(tau, "learned", low, high, columns, note=f"step {spec.dt_s:g} s")


def extract_all(
    runs: Sequence[Run],
    *,
    longest: float = np.inf,
    limits: tuple[float, float] | None = None,
    rates: Sequence[Mapping[str, Array]] | None = None,
) -> TauTable:
    """The same of several networks that are alike, numbered from 0 in the column ``seed``."""
    of_each = rates or [{} for _ in runs]
    return TauTable.joined(
        [extract(run, seed=k, longest=longest, limits=limits, rates=rate) for k, (run, rate) in enumerate(zip(runs, of_each, strict=True))],
        "learned",
    )


def decay_of(tau: Array, dt: float) -> Array:
    """Decay for a step: exp(-dt/tau), 0 where tau is 0 and 1 where it is infinite."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(-dt / np.asarray(tau, dtype=np.float64)))


def _part(run: Run, slot: ParameterSlot, rates: Mapping[str, Array]) -> dict[str, NDArray[Any]]:
    spec, dt = run.trained.spec, run.trained.spec.dt_s
    of_synapses = slot.parameter.axes == "post pre"
    here = np.ones(slot.shape, dtype=bool)
    if slot.without_diagonal:
        np.fill_diagonal(here, val=False)
    post, pre = np.nonzero(here) if of_synapses else (np.arange(here.size), np.full(here.size, -1))
    before = here.astype(np.float64) * np.nan if run.initial is None else np.asarray(run.initial.values[slot.key], dtype=np.float64)
    tau, initial = np.asarray(run.trained.values[slot.key], dtype=np.float64)[here], before[here]
    w = np.asarray(run.trained.values[f"{slot.owner}.w"], dtype=np.float64)[here] if of_synapses else np.full(tau.size, np.nan)
    source = next((p.source for p in spec.projections if p.name == slot.owner), "")
    rate = rates[source][pre] if of_synapses and source in rates else np.full(tau.size, np.nan)
    return {
        "tau": tau,
        "layer": np.full(tau.size, slot.owner.partition(".")[0]),
        "kind": np.full(tau.size, _kind(slot.owner, source)),
        "post": post,
        "pre": pre,
        "w": w,
        "sign": np.where(np.isnan(w), 0, np.sign(np.nan_to_num(w))).astype(np.int64),
        "initial": initial,
        "rho": decay_of(tau, dt),
        "rho_initial": decay_of(initial, dt),
        "rate_hz": rate,
    }


def _kind(owner: str, source: str) -> str:
    layer, _, which = owner.partition(".")
    if which == "neuron":
        return "neuron"
    if layer == "readout":
        return "readout"
    return "input" if source == "input" else which
