"""Pattern generation: the same spikes three times, in noise; the output follows a slow curve, also where the input is silent.

Deng et al. 2025 (HetSyn), App. B. The recordings differ in their noise, which is drawn anew for each of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..data.events import SpikeDataset
from ..errors import ConfigError

#: In seconds: when the frozen segment is played, and when there is only noise between.
OCCURRENCES = ((0.0, 0.5), (0.75, 1.25), (1.5, 2.0))
GAPS = ((0.5, 0.75), (1.25, 1.5))
_LENGTH, _N_CHANNELS, _PATTERN_HZ = 2.0, 100, 10.0
_FREQUENCIES_HZ = 0.5 * np.arange(1, 6)


@dataclass(frozen=True)
class PatternTask:
    """Recordings and what the output should be in each of them.

    Attributes
    ----------
    data
        Every label is 0.
    traces
        Shape (1, time, target), between -1 and 1: ``fit(..., traces=task.traces)``.
    """

    data: SpikeDataset
    traces: NDArray[np.float64]


def pattern_generation(
    n_train: int, n_test: int = 0, *, seed: int = 0, dt: float = 0.001, noise_hz: float = 2.0, targets: int = 1
) -> PatternTask:
    """The task as published: 100 channels, 2 s, a frozen segment of 500 ms at 10 Hz played three times, and Poisson noise all the time.

    A target is a sum of five cosines of 0.5, 1, 1.5, 2 and 2.5 Hz with amplitudes from U(0, 1) and phases from U(0, 2 pi), scaled so that
    the largest absolute value is 1.

    Parameters
    ----------
    n_train, n_test
        Recordings of either split.
    seed
        Of segment, targets and noise.
    dt
        Time step in seconds.
    noise_hz
        Rate of the noise on every channel.
    targets
        How many curves are to be followed at once.

    Raises
    ------
    ConfigError
        If there are no recordings or targets, or dt or the rate make no sense.
    """
    if n_train + n_test < 1 or min(n_train, n_test) < 0 or not (0.0 < dt <= 0.01) or not noise_hz >= 0.0 or targets < 1:
        raise ConfigError(
            "this task can't be drawn",
            where="pattern_generation",
            got=f"{n_train} and {n_test} recordings, dt = {dt} s, {noise_hz} Hz of noise, {targets} targets",
            expected="at least one recording and one target, dt up to 0.01 s, a rate of 0 or more",
            remedy="give dt in seconds and the rate in Hz",
        )
    rng = np.random.default_rng(seed)
    n_steps = round(_LENGTH / dt)
    segment = rng.random((round(0.5 / dt), _N_CHANNELS)) < -np.expm1(-_PATTERN_HZ * dt)
    pattern = np.zeros((n_steps, _N_CHANNELS), dtype=bool)
    for start, _ in OCCURRENCES:
        pattern[round(start / dt) :][: len(segment)] = segment
    curves = _curves(rng, np.arange(n_steps, dtype=np.float64) * dt, targets)
    steps, channels = [], []
    for _ in range(n_train + n_test):
        spikes = np.nonzero(pattern | (rng.random(pattern.shape) < -np.expm1(-noise_hz * dt)))
        steps.append(spikes[0])
        channels.append(spikes[1])
    n = n_train + n_test
    data = SpikeDataset.from_lists(
        steps,
        channels,
        dt=dt,
        n_channels=_N_CHANNELS,
        n_steps=np.full(n, n_steps),
        labels=np.zeros(n, dtype=int),
        split=np.array(["train"] * n_train + ["test"] * n_test),
        info={"task": "pattern generation", "seed": str(seed), "noise": f"{noise_hz:g} Hz", "targets": str(targets)},
    )
    return PatternTask(data, curves[None])


def _curves(rng: np.random.Generator, t: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Shape (time, target)."""
    amplitudes, phases = rng.random((n, _FREQUENCIES_HZ.size)), rng.uniform(0.0, 2.0 * np.pi, (n, _FREQUENCIES_HZ.size))
    angles = 2.0 * np.pi * _FREQUENCIES_HZ * t[:, None, None] + phases  # (time, target, cosine)
    curves = (amplitudes * np.cos(angles)).sum(axis=2)
    return np.asarray(curves / np.abs(curves).max(axis=0))
