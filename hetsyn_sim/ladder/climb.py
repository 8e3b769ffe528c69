"""Running the ladder: every rung at every strength, in Brian2, against the trained network on its own grid."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from joblib import Parallel, delayed

from ..brian import BrianSimulation
from ..checkpoint import Checkpoint
from ..events import SpikeDataset
from ..files import json_text, write_atomically
from ..reading import not_kept, read_kept
from ..readout import check_input, length_of, loss_of, predictions
from ..recording import Recording
from .distance import van_rossum
from .disturbances import on_finer_grid, refined
from .rung import Rung, Setting
from .rungs import RUNGS

__all__ = ["Row", "as_trained", "climb", "read_rows", "run_setting", "setting_on"]

#: Time constant of the distance between spike trains, in steps of the trained network.
_TAU_STEPS = 2.0
#: The time step, in seconds, that rungs of biological time scales are run at, as nearly as the trained network's can be divided.
_FINE = 1e-3


@dataclass(frozen=True)
class Row:
    """One run of a rung.

    Attributes
    ----------
    number, name, quantity, unit, strength, seed
        Which.
    accuracy
        Share of recordings of which the class was found.
    equal_predictions
        Share of recordings with the class that the trained network finds, right or wrong.
    distance
        Of its spikes from the trained network's (:func:`van_rossum`, 2 steps).
    rate_hz
        Mean over layers and neurons.
    v_rms
        Root mean square difference of the readout's v at the trained network's grid points, over that of v itself; None without a readout.
    n_spikes, seconds
        Of the layers; of the run.
    """

    number: int
    name: str
    quantity: str
    unit: str
    strength: float
    seed: int
    accuracy: float
    equal_predictions: float
    distance: float
    rate_hz: float
    v_rms: float | None
    n_spikes: int
    seconds: float

    @property
    def key(self) -> tuple[str, float, int]:
        """What tells it from others."""
        return self.name, self.strength, self.seed


def climb(
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
        Those to run; more of one's own may be among them.
    seeds
        For rungs that draw random numbers; others are run once.
    device
        Brian2's. ``"cpp_standalone"`` compiles a program for each rung, once.
    jobs
        Runs side by side, through joblib: under ``joblib.parallel_config(...)`` on whatever that says.
    store
        A JSON file that gets every row when it is there. A run that was stopped goes on from it.
    progress
        Called with the fraction done.

    Returns
    -------
    list of Row
        The trained network first (rung 0), then as the rungs and their strengths come, by seed.

    Raises
    ------
    DtMismatchError, DataError
        If the recordings do not fit the network, or if the rows in ``store`` can't be read.
    TransferError
        If a rung can't be applied to one of its models.
    """
    check_input(data, checkpoint.spec, where="the ladder")
    identity = hashlib.sha256(checkpoint.to_bytes() + data.fingerprint().encode()).hexdigest()
    kept = read_rows(store, identity) if store else []  # before anything is simulated, since it may be unreadable
    raster = data.rasters(length_of(checkpoint, data))
    values = {key: np.asarray(value, dtype=np.float64) for key, value in checkpoint.values.items()}
    trained = Setting(checkpoint.spec, values, raster)
    start = perf_counter()
    reference = run_setting(trained, device)
    ground = _row(Rung(0, "same grid", "", "", "", (0.0,), lambda s, _, __: s), 0.0, 0, trained, reference, reference, checkpoint, data)
    rows = {ground.key: _with_seconds(ground, start)}
    rows |= {row.key: row for row in kept}
    tasks = [t for t in _tasks(rungs, seeds) if (t[0].name, float(t[1]), t[2]) not in rows]
    for rung, strength, seed in tasks:  # what can't be applied should say so before hours of work
        setting_on(trained, rung, strength, seed)
    progress(len(rows) / (len(rows) + len(tasks)))
    found = Parallel(n_jobs=jobs, return_as="generator_unordered")(
        delayed(_climb_one)(trained, rung, strength, seed, device, reference, checkpoint, data) for rung, strength, seed in tasks
    )
    for row in found:
        rows[row.key] = row
        if store is not None:
            write_atomically(store, json_text({"of": identity, "rows": [asdict(r) for r in _ordered(rows, rungs)]}))
        progress(len(rows) / (1 + sum(1 for _ in _tasks(rungs, seeds))))
    return _ordered(rows, rungs)


def read_rows(store: Path, identity: str) -> list[Row]:
    """The rows of a file; none if it is not there yet, or of another network or other recordings."""
    if not store.exists():
        return []
    found = read_kept(store)
    try:
        return [Row(**row) for row in found["rows"]] if found.get("of") == identity else []
    except TypeError as error:
        raise not_kept(store, str(error)) from error


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
    start = refined(trained, max(1, round(trained.spec.dt_s / _FINE)), rng) if rung.refined else trained
    return rung.apply(start, strength, rng)


def run_setting(setting: Setting, device: str) -> Recording:
    """Spikes, and v of the readout, in Brian2."""
    record = ["readout.v"] if setting.spec.readout is not None else []
    simulation = BrianSimulation(setting.spec, setting.values, device=device, form="fast", record=record, surroundings=setting.surroundings)
    return simulation.run(setting.raster)


def as_trained(done: Recording, setting: Setting) -> Recording:
    """A recording as the trained network's decoder reads it: on its own grid, and v in its own unit.

    v of the readout at the grid points; of spiking layers, whether there was a spike since the grid point before.
    """
    k = setting.factor
    rasters = {name: np.asarray(raster.reshape(-1, k, *raster.shape[1:]).any(axis=1)) for name, raster in done.rasters.items()}
    traces = {key: trace[::k] / setting.unit_of_v for key, trace in done.traces.items()}
    return Recording(k * done.dt, rasters, traces, done.simulator)


def _climb_one(
    trained: Setting, rung: Rung, strength: float, seed: int, device: str, reference: Recording, checkpoint: Checkpoint, data: SpikeDataset
) -> Row:
    start = perf_counter()
    setting = setting_on(trained, rung, strength, seed)
    return _with_seconds(_row(rung, strength, seed, setting, run_setting(setting, device), reference, checkpoint, data), start)


def _with_seconds(row: Row, start: float) -> Row:
    return Row(**{**asdict(row), "seconds": round(perf_counter() - start, 2)})


def _row(
    rung: Rung,
    strength: float,
    seed: int,
    setting: Setting,
    done: Recording,
    reference: Recording,
    checkpoint: Checkpoint,
    data: SpikeDataset,
) -> Row:
    spec, loss, k = setting.spec, loss_of(checkpoint), setting.factor
    layers = [p.name for p in spec.populations if p.model.spiking]
    far, weight = 0.0, 0
    for name in layers:
        before = on_finer_grid(reference.rasters[name], k)
        n = int(before.sum()) + int(done.rasters[name].sum())
        far, weight = far + n * van_rossum(before, done.rasters[name], spec.dt_s, _TAU_STEPS * k * spec.dt_s), weight + n
    n_spikes = sum(int(done.rasters[name].sum()) for name in layers)
    cells = sum(done.rasters[name].shape[1] * done.rasters[name].shape[2] for name in layers)
    read = as_trained(done, setting)
    v_rms = None
    if spec.readout is not None:
        v, w = reference.traces["readout.v"], read.traces["readout.v"]
        v_rms = float(np.sqrt(np.mean((v - w) ** 2) / np.mean(v**2)))
    guessed = predictions(read, checkpoint.spec, loss)
    return Row(
        rung.number,
        rung.name,
        rung.quantity,
        rung.unit,
        float(strength),
        seed,
        float(np.mean(guessed == data.labels)),
        float(np.mean(guessed == predictions(reference, checkpoint.spec, loss))),
        far / weight if weight else 0.0,
        n_spikes / (cells * done.n_steps * spec.dt_s),
        v_rms,
        n_spikes,
        0.0,
    )
