"""A run of the ladder: every rung at every strength in Brian2, compared with the trained network on its own grid."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter

import numpy as np
from joblib import Parallel, delayed

from ..brian import BrianSimulation
from ..data.checkpoint import Checkpoint
from ..data.decoding import Decoder, check_input
from ..data.events import SpikeDataset
from ..data.files import json_text, write_atomically
from ..data.recording import Recording
from .climb import near_1_ms
from .row import Row, read_rows, row_of
from .rung import Rung, Setting, in_float64
from .rungs import RUNGS


def run_ladder(
    checkpoint: Checkpoint,
    data: SpikeDataset,
    rungs: Sequence[Rung] = RUNGS,
    *,
    seeds: Sequence[int] = range(5),
    device: str = "numpy",
    jobs: int = 1,
    store: Path | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> list[Row]:
    """Run the trained network and every rung.

    Parameters
    ----------
    checkpoint, data
        The network, and recordings that fit it.
    rungs
        Those to run; your own may be among them.
    seeds
        For rungs that draw random numbers; others are run once.
    device
        Brian2's. ``"cpp_standalone"`` compiles a program for each rung, once.
    jobs
        Runs side by side, through joblib (see ``joblib.parallel_config``).
    store
        A JSON file that gets each row as it is done. A stopped run goes on from it.
    progress
        Called with the fraction done.

    Returns
    -------
    list of Row
        The trained network first (rung 0), then by rung, strength and seed.

    Raises
    ------
    DtMismatchError, DataError
        If the recordings do not fit the network, or if the rows in ``store`` can't be read.
    TransferError
        If a rung can't be applied to one of its models.
    """
    check_input(data, checkpoint.spec, where="the ladder")
    identity = hashlib.sha256(checkpoint.to_bytes() + data.fingerprint().encode()).hexdigest()
    done = read_rows(store, identity) if store else []  # before anything is simulated, since it may be unreadable
    raster = data.rasters(Decoder.of(checkpoint).length(data))
    trained = Setting(checkpoint.spec, in_float64(checkpoint.values), raster)
    start = perf_counter()
    reference = run_setting(trained, device)
    ground = row_of(Rung(0, "same grid", "", "", "", (0.0,), lambda s, _, __: s), 0.0, 0, trained, reference, reference, checkpoint, data)
    rows = {ground.key: _with_seconds(ground, start)}
    rows |= {row.key: row for row in done}
    tasks = [t for t in _tasks(rungs, seeds) if (t[0].name, float(t[1]), t[2]) not in rows]
    for rung, strength, seed in tasks:  # what can't be applied should say so before hours of work
        setting_on(trained, rung, strength, seed)
    progress(len(rows) / (len(rows) + len(tasks)))
    results = Parallel(n_jobs=jobs, return_as="generator_unordered")(
        delayed(_run_one)(trained, rung, strength, seed, device, reference, checkpoint, data) for rung, strength, seed in tasks
    )
    for row in results:
        rows[row.key] = row
        if store is not None:
            write_atomically(store, json_text({"of": identity, "rows": [asdict(r) for r in _ordered(rows, rungs)]}))
        progress(len(rows) / (1 + sum(1 for _ in _tasks(rungs, seeds))))
    return _ordered(rows, rungs)


def _tasks(rungs: Sequence[Rung], seeds: Sequence[int]) -> Iterator[tuple[Rung, float, int]]:
    for rung in rungs:
        for strength in rung.strengths:
            for seed in seeds if rung.is_random else (0,):
                yield rung, float(strength), seed


def _ordered(rows: Mapping[tuple[str, float, int], Row], rungs: Sequence[Rung]) -> list[Row]:
    """As the rungs and their strengths come, the trained network first."""
    order = {(rung.name, float(strength)): k for k, (rung, strength) in enumerate(((r, s) for r in rungs for s in r.strengths), start=1)}
    known = [row for row in rows.values() if row.number == 0 or (row.name, row.strength) in order]
    return sorted(known, key=lambda row: (order.get((row.name, row.strength), 0), row.seed))


def setting_on(trained: Setting, rung: Rung, strength: float, seed: int) -> Setting:
    """The network on a rung: at a time step near 1 ms first, if the rung is about biological time scales."""
    rng = np.random.default_rng([seed, *rung.name.encode()])
    return rung.apply(near_1_ms(trained, rng) if rung.refined else trained, strength, rng)


def run_setting(setting: Setting, device: str) -> Recording:
    """Spikes, and v of the readout, in Brian2."""
    record = ["readout.v"] if setting.spec.readout is not None else []
    simulation = BrianSimulation(setting.spec, setting.values, device=device, form="fast", record=record, additions=setting.additions)
    return simulation.run(setting.raster)


def _run_one(
    trained: Setting, rung: Rung, strength: float, seed: int, device: str, reference: Recording, checkpoint: Checkpoint, data: SpikeDataset
) -> Row:
    start = perf_counter()
    setting = setting_on(trained, rung, strength, seed)
    return _with_seconds(row_of(rung, strength, seed, setting, run_setting(setting, device), reference, checkpoint, data), start)


def _with_seconds(row: Row, start: float) -> Row:
    return Row(**{**asdict(row), "seconds": round(perf_counter() - start, 2)})
