"""The row of a run: how far its spikes, its readout and its decisions are from the trained network's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..data.checkpoint import Checkpoint
from ..data.decoding import Decoder
from ..data.events import SpikeDataset
from ..data.files import read_stored_rows
from ..data.recording import Recording, on_finer_grid
from .distance import van_rossum
from .rung import Rung, Setting

#: Time constant of the distance between spike trains, in steps of the trained network.
_TAU_STEPS = 2.0


@dataclass(frozen=True)
class Row:
    """One run of a rung.

    Attributes
    ----------
    number, name, quantity, unit, strength, seed
        The rung, what its strength is, and the run.
    accuracy
        Share of recordings whose class is right.
    equal_predictions
        Share of recordings with the trained network's class, right or wrong.
    distance
        Of its spikes from the trained network's (:func:`van_rossum`, 2 steps).
    rate_hz
        Mean over layers and neurons.
    v_rms
        Root mean square difference of the readout's v at the trained network's grid points, over that of v itself; None without a readout.
    n_spikes, seconds
        Of the layers; of the run.
    right
        Which recordings' classes are right, eight to a byte in hexadecimal, so that two rows can be compared recording by recording.
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
    right: str = ""

    @property
    def key(self) -> tuple[str, float, int]:
        """What identifies a run."""
        return self.name, self.strength, self.seed

    @property
    def right_ones(self) -> NDArray[np.bool_]:
        """``right`` as a bool for each recording, and up to seven more that are False."""
        return np.unpackbits(np.frombuffer(bytes.fromhex(self.right), dtype=np.uint8)).astype(bool)


def read_rows(store: Path, identity: str) -> list[Row]:
    """The rows of a file; none if it is not there yet, or of another network or other recordings."""
    if not store.exists():
        return []
    return read_stored_rows(store, lambda content: [Row(**row) for row in content["rows"]] if content.get("of") == identity else [])


def as_trained(done: Recording, setting: Setting) -> Recording:
    """A recording as the trained network's decoder reads it: on its own grid, and v in its own unit.

    v of the readout at the grid points; of spiking layers, whether there was a spike since the grid point before.
    """
    k = setting.factor
    rasters = {name: np.asarray(raster.reshape(-1, k, *raster.shape[1:]).any(axis=1)) for name, raster in done.rasters.items()}
    traces = {key: trace[::k] / setting.unit_of_v for key, trace in done.traces.items()}
    return Recording(k * done.dt, rasters, traces, done.simulator)


def row_of(
    rung: Rung,
    strength: float,
    seed: int,
    setting: Setting,
    done: Recording,
    reference: Recording,
    checkpoint: Checkpoint,
    data: SpikeDataset,
) -> Row:
    """The row of a run, compared with ``reference``, the trained network's own; without the seconds it took."""
    spec, decoder, k = setting.spec, Decoder.of(checkpoint), setting.factor
    layers = [p.name for p in spec.populations if p.model.spiking]
    total, weight = 0.0, 0
    for name in layers:
        before = on_finer_grid(reference.rasters[name], k)
        n = int(before.sum()) + int(done.rasters[name].sum())
        total, weight = total + n * van_rossum(before, done.rasters[name], spec.dt_s, _TAU_STEPS * k * spec.dt_s), weight + n
    n_spikes = sum(int(done.rasters[name].sum()) for name in layers)
    cells = sum(done.rasters[name].shape[1] * done.rasters[name].shape[2] for name in layers)
    read = as_trained(done, setting)
    v_rms = None
    if spec.readout is not None:
        v, w = reference.traces["readout.v"], read.traces["readout.v"]
        v_rms = float(np.sqrt(np.mean((v - w) ** 2) / np.mean(v**2)))
    predicted = decoder.predictions(read, checkpoint.spec)
    return Row(
        rung.number,
        rung.name,
        rung.quantity,
        rung.unit,
        float(strength),
        seed,
        float(np.mean(predicted == data.labels)),
        float(np.mean(predicted == decoder.predictions(reference, checkpoint.spec))),
        total / weight if weight else 0.0,
        n_spikes / (cells * done.n_steps * spec.dt_s),
        v_rms,
        n_spikes,
        0.0,
        np.packbits(predicted == data.labels).tobytes().hex(),
    )
