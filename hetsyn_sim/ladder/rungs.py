"""The ladder that ships: rungs 0 to 6, with the strengths that a sweep goes through."""

from __future__ import annotations

from .disturbances import refined, with_delays, with_jitter, with_mismatch, with_noise, with_refractoriness
from .membranes import with_capacitance, with_conductances
from .rung import Rung
from .units import in_physical_units

#: Every rung, from the trained network upwards.
RUNGS: tuple[Rung, ...] = (
    Rung(
        1,
        "physical units",
        "mV, pA and MOhm for pure numbers",
        "threshold",
        "mV",
        (15.0,),
        in_physical_units,
        refined=False,
    ),
    Rung(2, "refined dt", "a finer time step, input spikes at their times", "steps per step", "", (2, 5, 10, 20), refined, refined=False),
    Rung(3, "membrane capacitance", "membranes take time", "tau_mem", "ms", (0.1, 0.3, 1.0, 3.0, 10.0, 20.0), with_capacitance),
    Rung(4, "axonal delays", "spikes take time to arrive", "mean delay", "ms", (0.5, 1.0, 2.0, 5.0, 10.0), with_delays, is_random=True),
    Rung(4, "refractoriness", "a neuron rests after a spike", "period", "ms", (1.0, 2.0, 5.0, 10.0), with_refractoriness),
    Rung(
        5,
        "conductances",
        "synapses open conductances towards reversal potentials",
        "excitatory reversal above rest",
        "mV",
        (2000.0, 700.0, 200.0, 70.0),
        with_conductances,
    ),
    Rung(6, "noise", "voltages fluctuate", "deviation", "thresholds", (0.05, 0.1, 0.2, 0.5), with_noise, is_random=True),
    Rung(6, "jitter", "input spikes are moved", "deviation", "ms", (1.0, 2.0, 5.0, 10.0, 20.0), with_jitter, is_random=True),
    Rung(6, "mismatch", "no two cells are alike", "sigma", "", (0.05, 0.1, 0.2, 0.5), with_mismatch, is_random=True),
)
