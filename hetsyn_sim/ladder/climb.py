"""Rung 7: the climb, in which every change stands on those before it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .conductances import AMPA_MV, with_conductances
from .disturbances import with_delays, with_noise
from .finer import refined, refined_with_lags
from .membranes import with_capacitance
from .rung import Setting
from .units import in_physical_units

#: The time step, in seconds, that rungs of biological time scales are run at, as nearly as the trained network's can be divided.
_FINE = 1e-3


def near_1_ms(setting: Setting, rng: np.random.Generator) -> Setting:
    """The network refined to a time step near 1 ms."""
    return refined(setting, steps_to_1_ms(setting), rng)


def steps_to_1_ms(setting: Setting) -> int:
    """How many steps near 1 ms a step of the network is."""
    return max(1, round(setting.spec.dt_s / _FINE))


def _near_1_ms_with_lags(setting: Setting, _: float, rng: np.random.Generator) -> Setting:
    return refined_with_lags(setting, steps_to_1_ms(setting), rng)


#: What is added, its strength, and the change.
CHANGES: tuple[tuple[str, float, Callable[[Setting, float, np.random.Generator], Setting]], ...] = (
    ("units", 15.0, in_physical_units),
    ("steps of 1 ms", 1.0, _near_1_ms_with_lags),
    ("membranes of 10 ms", 10.0, with_capacitance),
    ("axonal delays of 2 ms", 2.0, with_delays),
    ("reversal potentials", AMPA_MV, with_conductances),
    ("noise of a tenth of the threshold", 0.1, with_noise),
)


def climbed(setting: Setting, changes: float, rng: np.random.Generator) -> Setting:
    """The first ``changes`` of :data:`CHANGES`, each on top of those before it."""
    for _, strength, change in CHANGES[: int(changes)]:
        setting = change(setting, strength, rng)
    return setting
