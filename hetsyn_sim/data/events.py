"""The dataset: one flat list of events, cut into labelled recordings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError
from ..spec.quantities import QuantityLike
from ..spec.summary import Summarised, milliseconds
from .events_checks import PER_RECORDING, as_integers, check_events, check_grid, check_shapes
from .events_file import read_events, write_events
from .events_from import FromSpikes
from .events_tables import read_own
from .files import digest_of


@dataclass(frozen=True, eq=False, repr=False)
class SpikeDataset(FromSpikes, Summarised):
    """Many labelled recordings of binary spikes, stored as one flat list of events.

    Recording i owns the events ``offsets[i]`` to ``offsets[i + 1]``, ordered by step, then unit. A spike in step k is at time ``k * dt``.
    Slicing (``data[10:20]``, ``data[indices]``, ``data[mask]``) gives another ``SpikeDataset``; ``len(data)`` counts recordings.

    Attributes
    ----------
    dt
        Time step in seconds.
    n_channels
        Number of input channels.
    steps, units
        int32, shape (event,): the grid step and the channel of every spike. A channel spikes at most once in a step.
    offsets
        int64, shape (recording + 1,).
    n_steps
        int32, shape (recording,): the true length in steps.
    labels
        int32, shape (recording,).
    speakers, names
        str, shape (recording,): who spoke, and a name for messages and plots.
    split
        str, shape (recording,): ``"train"`` or ``"test"``, as the data's authors divided them.
    info
        Where the spikes come from: encoder settings, licence, attribution.

    Raises
    ------
    DataError
        If anything above does not hold, with the name of the first offending recording.
    """

    dt: float
    n_channels: int
    steps: NDArray[np.int32]
    units: NDArray[np.int32]
    offsets: NDArray[np.int64]
    n_steps: NDArray[np.int32]
    labels: NDArray[np.int32]
    speakers: NDArray[np.str_]
    names: NDArray[np.str_]
    split: NDArray[np.str_]
    info: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_grid(self.dt, self.n_channels)
        for name in ("steps", "units", "offsets", "n_steps", "labels"):
            self._store(name, as_integers(name, getattr(self, name)))
        for name in ("speakers", "names", "split"):
            self._store(name, np.array(getattr(self, name), dtype=np.str_))
        check_shapes(self)
        check_events(self)

    def _store(self, name: str, array: NDArray[np.generic]) -> None:
        """Keep a read-only copy, which slices share."""
        array.setflags(write=False)
        object.__setattr__(self, name, array)

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        *,
        dt: QuantityLike | None = None,
        time_unit: QuantityLike | None = None,
        duration: QuantityLike | None = None,
        n_channels: int | None = None,
        merge: bool = False,
    ) -> SpikeDataset:
        """Build a dataset from a NumPy archive or a table of spikes (layout: :mod:`hetsyn_sim.data.events_tables`).

        Parameters
        ----------
        path
            A file that ends in ``.npz``, ``.csv`` or ``.tsv``.
        dt
            Time step; needed unless the archive has one.
        time_unit
            What the times count; by default what the header of a table says, or seconds.
        duration, n_channels, merge
            As :meth:`from_times`.

        Raises
        ------
        DataError, SpecError
            If the file is missing, damaged or in another layout; and as :meth:`from_times` and :meth:`from_raster`.
        """
        parts = read_own(Path(path))
        step, labels, unit = parts.pop("dt", None), parts.pop("labels"), parts.pop("time_unit", "1 s")
        if dt is None and step is None:
            raise DataError(
                "spikes need a time step",
                where=str(path),
                got="no dt",
                expected="the length of a step, since dt travels with the data from here on",
                remedy='give it: dt="2 ms", or on the command line: hetsyn encode FILE OUT.h5 --dt "2 ms"',
            )
        about = {name: parts[name] for name in ("split", "speakers", "names") if name in parts}
        step = step if dt is None else dt
        if "raster" in parts:
            return cls.from_raster(parts["raster"], labels, dt=step, merge=merge, **about)
        n = parts.get("n_channels") if n_channels is None else n_channels
        unit = unit if time_unit is None else time_unit
        given: dict[str, Any] = {"dt": step, "time_unit": unit, "duration": duration, "n_channels": n, "merge": merge}
        return cls.from_times(parts["times"], parts["units"], labels, **given, **about)

    def __len__(self) -> int:
        return int(self.labels.size)

    def __getitem__(self, index: int | slice | ArrayLike) -> SpikeDataset:
        """Some of the recordings, in the order asked for; ``data[3]`` is a dataset of one recording."""
        if not isinstance(index, slice) and np.size(index) and np.asarray(index).dtype.kind not in "iub":
            raise DataError(
                "recordings are chosen by number",
                where="SpikeDataset",
                got=repr(index)[:200],
                expected="a whole number, several of them, a slice, or True and False for each recording",
                remedy="data.train and data.test are the splits; data[data.labels == 3] are the recordings of one label",
            )
        chosen = np.atleast_1d(np.arange(len(self))[index if isinstance(index, slice) else np.asarray(index)])
        counts = np.diff(self.offsets)[chosen]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        # Event k of the result is event (k - its recording's new start + its recording's old start) of this dataset.
        events = np.arange(offsets[-1]) + np.repeat(self.offsets[chosen] - offsets[:-1], counts)
        kept = {name: getattr(self, name)[chosen] for name in PER_RECORDING}
        return replace(self, steps=self.steps[events], units=self.units[events], offsets=offsets, **kept)

    def owners(self) -> NDArray[np.int64]:
        """Index of the recording every event belongs to, shape (event,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the labels, in order; none where labels are numbers alone."""
        return tuple(json.loads(self.info.get("classes", "[]")))

    @property
    def train(self) -> SpikeDataset:
        """The training split."""
        return self[self.split == "train"]

    @property
    def test(self) -> SpikeDataset:
        """The test split: for the last look, not for choosing anything."""
        return self[self.split == "test"]

    def validation_split(self, fraction: float = 1 / 9, seed: int | None = None) -> tuple[SpikeDataset, SpikeDataset]:
        """Divide the *training* split into (train, validation), the same fraction of every label and speaker.

        Parameters
        ----------
        fraction
            Part of each (label, speaker) group that is held out, rounded to whole recordings.
        seed
            ``None`` holds out the first recordings of each group as they are stored; a number draws them at random.

        Raises
        ------
        DataError
            If ``fraction`` leaves one of the two sides empty.
        """
        train = self.train
        held_out = np.zeros(len(train), dtype=bool)
        rng = None if seed is None else np.random.default_rng(seed)
        for label, speaker in sorted({(int(a), str(b)) for a, b in zip(train.labels, train.speakers, strict=True)}):
            group = np.flatnonzero((train.labels == label) & (train.speakers == speaker))
            order = group if rng is None else rng.permutation(group)
            held_out[order[: max(0, round(fraction * group.size))]] = True
        if not 0 < held_out.sum() < held_out.size:
            raise DataError(
                "the validation split leaves one side empty",
                where="SpikeDataset.validation_split",
                got=f"fraction = {fraction:g}: {int(held_out.sum())} of {held_out.size} training recordings held out",
                expected="some recordings on both sides",
                remedy="choose a fraction between 0 and 1 that makes at least one recording of a label and speaker",
            )
        return train[~held_out], train[held_out]

    def speaker_split(self, fraction: float = 0.2, seed: int = 0) -> tuple[SpikeDataset, SpikeDataset]:
        """Divide the *training* split into (train, validation) by speakers: nobody is heard on both sides.

        Parameters
        ----------
        fraction
            Part of the speakers that is held out, rounded to whole speakers, at least one.
        seed
            Which ones.

        Raises
        ------
        DataError
            If one of the two sides would have no speaker.
        """
        train = self.train
        speakers = np.unique(train.speakers)
        n = max(1, round(fraction * speakers.size))
        if n >= speakers.size:
            raise DataError(
                "the speakers can't be divided",
                where="SpikeDataset.speaker_split",
                got=f"{speakers.size} speaker(s) in the training split, {n} to be held out",
                expected="at least one speaker on both sides",
                remedy="use validation: split, which divides the recordings of every speaker",
            )
        held_out = np.isin(train.speakers, np.random.default_rng(seed).permutation(speakers)[:n])
        return train[~held_out], train[held_out]

    def rasters(self, n_steps: int | None = None) -> NDArray[np.bool_]:
        """All recordings on one grid, bool, shape (time, recording, channel): cut to ``n_steps``, shorter ones filled up with silence.

        ``n_steps=None`` takes the longest recording.
        """
        if n_steps is not None and (not isinstance(n_steps, int | np.integer) or n_steps < 0):
            remedy = "count in steps of dt: round(0.5 / data.dt) for half a second"
            raise DataError("a length is a number of steps", where="rasters", got=repr(n_steps), expected="0, 1, 2, ...", remedy=remedy)
        length = int(self.n_steps.max(initial=0)) if n_steps is None else int(n_steps)
        raster = np.zeros((length, len(self), self.n_channels), dtype=bool)  # (time, recording, channel)
        inside = self.steps < length
        raster[self.steps[inside], self.owners()[inside], self.units[inside]] = True
        return raster

    def summary(self) -> Mapping[str, str]:
        """What it is: label -> text."""
        n, longest, shortest = len(self), int(self.n_steps.max(initial=0)), int(self.n_steps.min(initial=2**31 - 1))
        splits = [f"{name} {(self.split == name).sum():,}" for name in np.unique(self.split)]
        return {
            "recordings": f"{n:,}",
            "channels": f"{self.n_channels:,}",
            "dt": milliseconds(self.dt),
            "length": f"{f'{shortest} to ' if shortest < longest else ''}{longest} steps, {longest * self.dt:.4g} s at most",
            "labels": ", ".join(self.classes) or f"{len(np.unique(self.labels))} different",
            "split": ", ".join(splits) or "none",
            "spikes": f"{len(self.steps):,}, {len(self.steps) / max(n, 1):.0f} in a recording",
        }

    def fingerprint(self) -> str:
        """SHA-256 over the content (not the compression), as hex digits: equal on every machine for equal data."""
        facts = json.dumps([float(self.dt), int(self.n_channels), dict(self.info)], sort_keys=True)
        texts = (json.dumps(array.tolist()) for array in (self.speakers, self.names, self.split))
        return digest_of([facts, self.offsets, self.steps, self.units, self.n_steps, self.labels, *texts])

    def save(self, path: str | Path) -> None:
        """Write an HDF5 file (layout: ``hetsyn_sim/data/events_file.py``).

        It appears complete or not at all; :class:`WriteError` if not.
        """
        write_events(
            Path(path),
            {name: getattr(self, name) for name in ("steps", "units", "offsets", *PER_RECORDING)},
            dt=self.dt,
            n_channels=self.n_channels,
            info=self.info,
            fingerprint=self.fingerprint(),
        )

    @classmethod
    def load(cls, path: str | Path) -> SpikeDataset:
        """Read a file written by :meth:`save`.

        Raises
        ------
        DataError
            If it is missing, truncated, foreign or inconsistent.
        """
        arrays, dt, n_channels, info, fingerprint = read_events(Path(path))
        data = cls(dt=dt, n_channels=n_channels, info=info, **arrays)
        if fingerprint and data.fingerprint() != fingerprint:
            raise DataError(
                "this spike file is damaged: it does not hold what was written",
                where=str(path),
                got=f"content with the fingerprint {data.fingerprint()}",
                expected=f"{fingerprint}, as the file itself has it",
                remedy="copy the file or encode the recordings again; to change it on purpose, load it, and save what you make of it",
            )
        return data
