"""The ladder that ships: rungs 1 to 7, with the strengths that a sweep goes through."""

from __future__ import annotations

from .climb import CHANGES, climbed
from .conductances import with_both, with_conductances
from .disturbances import with_delays, with_jitter, with_mismatch, with_noise, with_refractoriness
from .finer import refined, refined_with_lags
from .membranes import with_capacitance
from .rung import Rung
from .signs import with_one_sign
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
    Rung(
        2,
        "refined dt, lags kept",
        "a finer time step, with recurrence, reset and the next spike one old step away",
        "steps per step",
        "",
        (2, 5, 10, 20),
        refined_with_lags,
        refined=False,
    ),
    Rung(3, "membrane capacitance", "membranes take time", "tau_mem", "ms", (0.1, 0.3, 1.0, 3.0, 10.0, 20.0), with_capacitance),
    Rung(4, "axonal delays", "spikes take time to arrive", "mean delay", "ms", (0.5, 1.0, 2.0, 5.0, 10.0), with_delays, is_random=True),
    Rung(4, "refractoriness", "a neuron rests after a spike", "period", "ms", (1.0, 2.0, 5.0, 10.0), with_refractoriness),
    Rung(
        5,
        "conductances",
        "synapses open conductances towards reversal potentials",
        "excitatory reversal above rest",
        "mV",
        (700.0, 70.0, 30.0),
        with_conductances,
    ),
    Rung(
        5,
        "conductances, capacitance",
        "synapses open conductances on a membrane that takes time",
        "tau_mem",
        "ms",
        (1.0, 3.0, 10.0, 20.0),
        with_both,
    ),
    Rung(
        5,
        "Dale's law",
        "a neuron's synapses are all excitatory or all inhibitory",
        "share of the others' weight gone",
        "",
        (0.25, 0.5, 1.0),
        with_one_sign,
        refined=False,
    ),
    Rung(6, "noise", "voltages fluctuate", "deviation", "thresholds", (0.05, 0.1, 0.2, 0.5), with_noise, is_random=True),
    Rung(6, "jitter", "input spikes are moved", "deviation", "ms", (1.0, 2.0, 5.0, 10.0, 20.0), with_jitter, is_random=True),
    Rung(6, "mismatch", "no two cells are alike", "sigma", "", (0.05, 0.1, 0.2, 0.5), with_mismatch, is_random=True),
    Rung(
        7,
        "climb",
        "; then ".join(name for name, _, _ in CHANGES),
        "changes",
        "",
        tuple(range(1, len(CHANGES) + 1)),
        climbed,
        is_random=True,
        refined=False,
    ),
)
