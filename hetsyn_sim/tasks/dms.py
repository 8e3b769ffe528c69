"""Delayed match-to-sample: two cues, some time apart; was the second the same as the first? (Deng et al. 2025, HetSyn, App. C)

Trials are drawn, so there are as many as one likes; a training that goes through its recordings once sees every trial once.
"""

from __future__ import annotations

import numpy as np

from ..data.events import SpikeDataset
from ..errors import ConfigError

#: Channels: left cue, right cue, and noise throughout.
_PER_GROUP = 10
CUE_CHANNELS, _N_CHANNELS = 2 * _PER_GROUP, 3 * _PER_GROUP
#: In seconds: when the first cue begins, and how long a cue is. In Hz: rates of cues and noise.
_ONSET, _CUE = 0.05, 0.1
_CUE_HZ, _NOISE_HZ = 40.0, 10.0


def delayed_match_to_sample(
    n_train: int, n_test: int = 0, *, seed: int = 0, dt: float = 0.005, delay: float = 0.8, added_noise_hz: float = 0.0
) -> SpikeDataset:
    """Trials of the task; label 1 is a match.

    Channels 0 to 9 spike during a left cue, 10 to 19 during a right one, at 40 Hz; channels 20 to 29 at 10 Hz all the time. Each cue takes
    100 ms, the first begins after 50 ms, the trial ends with the second. The four pairs of cues are equally likely.

    Parameters
    ----------
    n_train, n_test
        How many trials of either split.
    seed
        Of cues and spikes.
    dt
        Time step in seconds. A step holds a spike if a Poisson process has at least one event in it.
    delay
        Seconds from the end of the first cue to the beginning of the second.
    added_noise_hz
        Rate of spikes that are added on every channel, all the time.

    Raises
    ------
    ConfigError
        If there are no trials, or times or rates make no sense.
    """
    if n_train + n_test < 1 or min(n_train, n_test) < 0 or not (0.0 < dt <= _CUE) or not (delay >= 0.0 and added_noise_hz >= 0.0):
        raise ConfigError(
            "these trials can't be drawn",
            where="delayed_match_to_sample",
            got=f"{n_train} and {n_test} trials, dt = {dt} s, delay = {delay} s, {added_noise_hz} Hz added",
            expected=f"at least one trial, dt from 0 to {_CUE} s, a delay and a rate of 0 or more",
            remedy="give times in seconds",
        )
    rng = np.random.default_rng(seed)
    n = n_train + n_test
    onsets = [round(_ONSET / dt), round((_ONSET + _CUE + delay) / dt)]
    cue_steps = round(_CUE / dt)
    n_steps = onsets[1] + cue_steps
    cues = rng.integers(0, 2, (n, 2))  # (trial, cue): 0 is left
    steps, channels = [], []
    for trial in range(n):
        rates = np.full((n_steps, _N_CHANNELS), added_noise_hz)
        rates[:, CUE_CHANNELS:] += _NOISE_HZ
        for onset, side in zip(onsets, cues[trial], strict=True):
            rates[onset : onset + cue_steps, side * _PER_GROUP : (side + 1) * _PER_GROUP] += _CUE_HZ
        spikes = rng.random(rates.shape) < -np.expm1(-rates * dt)
        spikes[0, CUE_CHANNELS] |= not spikes.any()  # a recording has a spike
        events = np.nonzero(spikes)
        steps.append(events[0])
        channels.append(events[1])
    return SpikeDataset.from_lists(
        steps,
        channels,
        dt=dt,
        n_channels=_N_CHANNELS,
        n_steps=np.full(n, n_steps),
        labels=(cues[:, 0] == cues[:, 1]).astype(int),
        names=np.array([f"trial {k}" for k in range(n)]),
        split=np.array(["train"] * n_train + ["test"] * n_test),
        info={"task": "delayed match-to-sample", "seed": str(seed), "delay": f"{delay:g} s", "added noise": f"{added_noise_hz:g} Hz"},
    )
