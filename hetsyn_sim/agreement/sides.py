"""Several ways to run one network, side by side on the same recordings, batch by batch, so that memory does not grow with the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.checkpoint import Checkpoint
from ..data.decoding import Decoder
from ..data.events import SpikeDataset
from ..data.recording import Raster, Recording
from .compare import compare_recordings
from .margins import closest_margins
from .outcome import Comparison
from .verification import Precision

Progress = Callable[[float], None]

# Both sides' voltages and the intermediate arrays of their comparison: about six arrays of a voltage's size are alive at once.
_ARRAYS = 6
_BATCH_BYTES = 512 * 2**20


@dataclass
class Side:
    """One way to run a network: ``run(raster, progress) -> Recording``, in a precision.

    ``seconds`` is what it took so far, ``guesses`` the classes it found, an array for each batch.
    """

    name: str
    run: Callable[[Raster, Progress], Recording]
    precision: Precision = "float64"
    seconds: float = 0.0
    guesses: list[NDArray[np.integer[Any]]] = field(default_factory=list)

    @property
    def predictions(self) -> NDArray[np.integer[Any]]:
        """The predicted class of every recording, shape (recording,)."""
        return np.concatenate(self.guesses)


@dataclass(frozen=True)
class SideBySide:
    """What came out.

    Attributes
    ----------
    comparisons
        Of the first side with each of the others.
    margins
        How close v came to theta in each recording of the first, shape (recording,), in the SI unit of v.
    """

    comparisons: tuple[Comparison, ...]
    margins: NDArray[np.float64]


def run_side_by_side(
    checkpoint: Checkpoint, data: SpikeDataset, first: Side, others: Sequence[Side], *, n_steps: int, progress: Progress
) -> SideBySide:
    """Run all sides on all recordings of ``data`` and compare spikes and voltages of the ``first`` with those of each of the ``others``."""
    spec, decoder = checkpoint.spec, Decoder.of(checkpoint)
    per_recording = _ARRAYS * 8 * n_steps * sum(p.size for p in spec.populations)
    batch_size = max(1, _BATCH_BYTES // per_recording)
    parts: list[list[Comparison]] = [[] for _ in others]
    margins = []
    share = 1.0 / (len(data) * (1 + len(others)))
    done = 0.0
    progress(done)
    for begin in range(0, len(data), batch_size):
        batch = data[begin : begin + batch_size]
        x = batch.rasters(n_steps)  # (time, recording, channel)
        reference: Recording | None = None
        for k, side in enumerate((first, *others)):
            start = perf_counter()
            recording = side.run(x, partial(_within, progress, done, share * len(batch)))
            side.seconds += perf_counter() - start
            side.guesses.append(decoder.predictions(recording, spec))
            done += share * len(batch)
            progress(min(1.0, done))
            if reference is None:
                reference = recording
                margins.append(closest_margins(spec, checkpoint.values, reference))
            else:
                parts[k - 1].append(compare_recordings(spec, checkpoint.values, reference, recording, _lower(first, side)))
    return SideBySide(tuple(map(_joined, parts)), np.concatenate(margins))


def _within(report: Progress, done: float, share: float, fraction: float) -> None:
    """Reports the fraction of one side's batch as one of all."""
    report(done + fraction * share)


def _lower(one: Side, other: Side) -> Precision:
    return "float32" if "float32" in (one.precision, other.precision) else "float64"


def _joined(parts: Sequence[Comparison]) -> Comparison:
    """One comparison of the runs of all parts, counted through."""
    offsets = np.cumsum([0, *(part.n_runs for part in parts)])
    shifted = {
        name: tuple(replace(d, run=d.run + int(at)) for at, part in zip(offsets, parts, strict=False) for d in getattr(part, name))
        for name in ("undecided", "diverged")
    }
    return replace(
        parts[0],
        n_runs=int(offsets[-1]),
        n_spikes=sum(part.n_spikes for part in parts),
        spike_mismatches=sum(part.spike_mismatches for part in parts),
        max_abs_dv=max(part.max_abs_dv for part in parts),
        max_dv_over_bound=max(part.max_dv_over_bound for part in parts),
        smallest_margin=min(part.smallest_margin for part in parts),
        undecided=shifted["undecided"],
        diverged=shifted["diverged"],
    )
