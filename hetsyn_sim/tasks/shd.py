"""Spiking Heidelberg Digits, and every other data set in the same HDF5 layout: spike times in seconds, no grid of their own.

Layout (Cramer et al. 2022, IEEE Trans. Neural Netw. Learn. Syst. 33:2744): ``spikes/times`` and ``spikes/units``, an array per recording;
``labels``; optionally ``extra/speaker``. Training and test recordings are two files, ``shd_train.h5`` and ``shd_test.h5``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.events import SpikeDataset
from ..data.events_grid import LEAST_INSIDE, ROUNDING
from ..errors import DataError, one_of
from ..spec.quantities import QuantityLike, to_si
from .shd_files import Part, files, read

#: The Heidelberg data have 700 channels, of which the last may be silent in a part of the recordings.
_ALMOST_700 = 630 - 1


@dataclass(frozen=True)
class Binning:
    """How spike times become steps, and units become channels.

    Attributes
    ----------
    closed_above
        A step holds the times up to and including its own, as published, instead of those from its own time on. Its own time is rounded
        to the type of number that the file has, in which the published code compares: float16 for the Heidelberg digits.
    reversed_without_first
        Channel ``n - unit``, with unit 0 left out and channel 0 empty, as published.
    """

    closed_above: bool = False
    reversed_without_first: bool = False


#: ``clean``: step k holds the times from k dt to (k + 1) dt, channel = unit. ``as-published``: as the published code of HetSyn has it.
BINNINGS: Mapping[str, Binning] = MappingProxyType({"clean": Binning(), "as-published": Binning(True, True)})


def heidelberg_digits(
    source: str | PathLike[str],
    *,
    dt: QuantityLike = 0.004,
    duration: QuantityLike = 1.0,
    n_channels: int | None = None,
    binning: str = "clean",
) -> SpikeDataset:
    """Recordings in the layout of the Spiking Heidelberg Digits as a dataset on a grid.

    Parameters
    ----------
    source
        A folder with one file whose name contains ``train`` and one whose name contains ``test`` (``.h5``, ``.hdf5``, also with ``.gz`` or
        ``.zip``), or one file. Of a single file, every fifth recording of each label is for testing.
    dt, duration
        Time step and length, in seconds or with a unit (``"4 ms"``): later spikes are cut off, shorter recordings end in silence.
    n_channels
        By default as many as there are units, counted to the highest that spikes; 700, as in the Spiking Heidelberg Digits, if that is
        almost as many (630 or more), or if the binning is as published.
    binning
        A name in :data:`BINNINGS`.

    Returns
    -------
    SpikeDataset
        A channel spikes at most once in a step. Recordings without a spike in the window are left out; ``info["left_out"]`` counts them,
        and ``info["cut_off"]`` the spikes after the window.

    Raises
    ------
    DataError
        If the files are missing, damaged or in another layout, if a time, unit or label is impossible, or if hardly any spike is within
        the window, so that times can't be in seconds.
    UnknownNameError
        If there is no such binning.
    """
    how: Binning = one_of(binning, BINNINGS, "binning", where="binning")
    dt, duration = (to_si(time, "second", where=f"heidelberg_digits: {name}") for name, time in (("dt", dt), ("duration", duration)))
    if not (0.0 < dt <= duration < np.inf):
        raise DataError(
            "dt and duration do not make a grid",
            where="heidelberg_digits",
            got=f"dt = {dt!r} s, duration = {duration!r} s",
            expected="0 < dt <= duration, both finite",
            remedy="give both in seconds: dt=0.004, duration=1.0",
        )
    parts = [read(path, split) for split, path in files(Path(source))]
    highest = max((int(units.max(initial=0)) for part in parts for units in part.units), default=0)
    is_heidelberg = how.reversed_without_first or highest >= _ALMOST_700
    channels = n_channels if n_channels is not None else max(700 if is_heidelberg else 0, highest + 1)
    if highest >= channels:
        raise DataError(
            "there are more units than channels",
            where=str(source),
            got=f"unit {highest}",
            expected=f"units from 0 to {channels - 1}",
            remedy=f"leave n_channels out, or give at least {highest + 1}",
        )
    n_steps = max(1, round(duration / dt))
    cut_off = _cut_off(parts, n_steps * dt, str(source))
    data = _binned(parts, dt, n_steps, channels, how, binning)
    return replace(data, info={**data.info, "cut_off": f"{cut_off} spikes after {duration:g} s"}) if cut_off else data


def _cut_off(parts: list[Part], end: float, where: str) -> int:
    """How many spikes come after the window; an error if that is nearly all of them, or if there are none."""
    n = sum(times.size for part in parts for times in part.times)
    inside = sum(int((times < end).sum()) for part in parts for times in part.times)
    if inside <= LEAST_INSIDE * n:
        latest = max((float(times.max()) for part in parts for times in part.times if times.size), default=0.0)
        raise DataError(
            "hardly any spike is in the window" if n else "there are no spikes",
            where=where,
            got=f"{inside} of {n} spikes before {end:g} s, the latest at {latest:g} s" if n else "recordings without a spike",
            expected="times in seconds",
            remedy="divide times in milliseconds by 1000; shift recordings that begin late, or give a longer duration"
            if n
            else "check the file",
        )
    return n - inside


def _binned(parts: list[Part], dt: float, n_steps: int, n_channels: int, how: Binning, name: str) -> SpikeDataset:
    steps, channels, used = [], [], []
    for part in parts:
        has_spikes = np.zeros(len(part.labels), dtype=bool)
        ends = (np.arange(n_steps) * dt).astype(part.kind).astype(np.float64)
        for k, (times, units) in enumerate(zip(part.times, part.units, strict=True)):
            step = np.searchsorted(ends, times) if how.closed_above else np.floor(times / dt + ROUNDING)
            channel = n_channels - units if how.reversed_without_first else units
            inside = (step < n_steps) & (channel < n_channels)
            cells = np.unique(step[inside].astype(np.int64) * n_channels + channel[inside])
            if cells.size:
                has_spikes[k] = True
                steps.append(cells // n_channels)
                channels.append(cells % n_channels)
        used.append(has_spikes)

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name)[mask] for part, mask in zip(parts, used, strict=True)])

    left_out = sum(int((~mask).sum()) for mask in used)
    info = {"layout": "Spiking Heidelberg Digits", "binning": name} | (
        {"left_out": f"{left_out} recordings without a spike"} if left_out else {}
    )
    return SpikeDataset.from_lists(
        steps,
        channels,
        dt=dt,
        n_channels=n_channels,
        n_steps=np.full(len(steps), n_steps),
        labels=joined("labels"),
        speakers=joined("speakers"),
        names=joined("names"),
        split=joined("split"),
        info=info,
    )
