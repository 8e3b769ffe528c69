"""Recordings as they might come in the world: with spikes lost, with spikes added, slower or faster (Deng et al. 2025, HetSyn, Fig. A4)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.errors import ConfigError


def with_deleted_spikes(data: SpikeDataset, probability: float, *, seed: int) -> SpikeDataset:
    """Every spike is lost with this probability; of a recording that would lose them all, the first stays.

    Raises
    ------
    ConfigError
        If it is not a probability.
    """
    _check("probability", probability, 0.0 <= probability <= 1.0, "a number from 0 to 1")
    kept = np.random.default_rng(seed).random(data.steps.size) >= probability
    owners = data.owners()
    emptied = np.bincount(owners[kept], minlength=len(data)) == 0
    kept[data.offsets[:-1][emptied]] = True
    return _of_events(data, owners[kept], data.steps[kept], data.units[kept])


def with_added_spikes(data: SpikeDataset, rate_hz: float, *, seed: int, n_steps: int | None = None) -> SpikeDataset:
    """Poisson spikes of this rate on every channel, through each recording, or through as many steps as ``n_steps`` says.

    A channel still spikes at most once a step.

    Raises
    ------
    ConfigError
        If the rate is negative or not finite.
    """
    _check("rate_hz", rate_hz, 0.0 <= rate_hz < np.inf, "a rate in Hz, 0 or more")
    rng = np.random.default_rng(seed)
    lengths = data.n_steps if n_steps is None else np.full(len(data), n_steps)
    cells = lengths.astype(np.int64) * data.n_channels
    counts = rng.binomial(cells, -np.expm1(-rate_hz * data.dt))
    owners = np.repeat(np.arange(len(data)), counts)
    drawn = np.concatenate([rng.choice(n, k, replace=False) for n, k in zip(cells, counts, strict=True)] or [np.zeros(0, dtype=np.int64)])
    return _of_events(
        data,
        np.concatenate([data.owners(), owners]),
        np.concatenate([data.steps, drawn // data.n_channels]),
        np.concatenate([data.units, drawn % data.n_channels]),
        np.maximum(data.n_steps, lengths),
    )


def with_warped_time(data: SpikeDataset, factor: float) -> SpikeDataset:
    """All spike times, and the lengths of recordings, times ``factor``; dt stays.

    A spike in the middle of step k comes to lie at ``(k + 1/2) * factor`` steps. Spikes of a channel that fall into one step are one.

    Raises
    ------
    ConfigError
        If the factor is not positive and finite.
    """
    _check("factor", factor, 0.0 < factor < np.inf, "a positive number")
    n_steps = np.maximum(1, np.rint(data.n_steps * factor)).astype(np.int64)
    owners = data.owners()
    steps = np.minimum(np.floor((data.steps + 0.5) * factor).astype(np.int64), n_steps[owners] - 1)
    return _of_events(data, owners, steps, data.units, n_steps)


def _of_events(
    data: SpikeDataset,
    owners: NDArray[np.integer],
    steps: NDArray[np.integer],
    units: NDArray[np.integer],
    n_steps: NDArray[np.integer] | None = None,
) -> SpikeDataset:
    """The recordings with other events: sorted, and every (recording, step, channel) once."""
    events = np.unique(np.stack([owners, steps, units]).astype(np.int64), axis=1)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(events[0], minlength=len(data)))])
    lengths = data.n_steps if n_steps is None else n_steps.astype(np.int32)
    return replace(data, steps=events[1], units=events[2], offsets=offsets, n_steps=lengths)


def _check(name: str, value: float, fine: bool, expected: str) -> None:
    if not fine:
        raise ConfigError(
            "recordings can't be changed like this", where=name, got=repr(value), expected=expected, remedy="give a value in that range"
        )
