"""Accuracy on perturbed recordings: spikes deleted, spikes added, time stretched (Deng et al. 2025, HetSyn, Fig. A4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.errors import ConfigError
from hetsyn_sim.training import evaluate
from hetsyn_sim.training.losses import Loss
from hetsyn_sim.training.network import Network

#: Probabilities that a spike is lost, as published; rates of added spikes on every channel, in Hz (ours: the paper does not say).
DELETIONS = (0.0, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64)
NOISES_HZ = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
_WARPS, _LARGEST_LOG2 = 20, 0.5


@dataclass(frozen=True)
class Robustness:
    """Accuracies, from 0 to 1.

    Attributes
    ----------
    deletion, noise
        One for each of :data:`DELETIONS` and :data:`NOISES_HZ`.
    warp
        (log2 of the factor, accuracy), in order of the factor.
    """

    deletion: tuple[float, ...]
    noise: tuple[float, ...]
    warp: tuple[tuple[float, float], ...]


def measure_robustness(network: Network, data: SpikeDataset, loss: Loss, *, window: int, seed: int) -> Robustness:
    """Accuracy where spikes are lost, where spikes are added, and where time runs slower or faster.

    Time is scaled by 20 factors whose log2 is drawn from U(-0.5, 0.5); the window is scaled with it.

    Parameters
    ----------
    window
        Steps that the network sees of a recording as it is.
    seed
        Of all that is drawn: networks that are compared should get the same.
    """

    def accuracy(changed: SpikeDataset, steps: int = window) -> float:
        return evaluate(network, changed, loss, window=steps).accuracy

    warps = np.sort(np.random.default_rng(seed).uniform(-_LARGEST_LOG2, _LARGEST_LOG2, _WARPS))
    return Robustness(
        deletion=tuple(accuracy(with_deleted_spikes(data, p, seed=seed)) for p in DELETIONS),
        noise=tuple(accuracy(with_added_spikes(data, rate, seed=seed, n_steps=window)) for rate in NOISES_HZ),
        warp=tuple((float(log2), accuracy(with_warped_time(data, 2.0**log2), round(window * 2.0**log2))) for log2 in warps),
    )


def with_deleted_spikes(data: SpikeDataset, probability: float, *, seed: int) -> SpikeDataset:
    """Every spike is lost with this probability; of a recording that would lose them all, the first stays.

    Raises
    ------
    ConfigError
        If it is not a probability.
    """
    _check("probability", probability, 0.0 <= probability <= 1.0, "a number from 0 to 1")
    survives = np.random.default_rng(seed).random(data.steps.size) >= probability
    owners = data.owners()
    emptied = np.bincount(owners[survives], minlength=len(data)) == 0
    survives[data.offsets[:-1][emptied]] = True
    return _of_events(data, owners[survives], data.steps[survives], data.units[survives])


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
