"""Are two recordings those of the same network? Spikes cell by cell, voltages within a bound that is computed, not guessed.

The rule. v is a sum of exponentially decaying events. Rounding in precision u makes it wrong by at most

    bound = u * (n_terms + 3 * n_steps + 32) * gain,      gain = the sum of the absolute values of the events, decayed,

(n_terms additions; per step one product, one power of the decay and one addition; 32 for the exponential and the decay's own rounding,
whose effect c (dt/tau) exp(-c dt/tau) never exceeds 1/e of it). Voltages must agree within the bounds of both sides. Spikes carry no
rounding, so errors do not travel from layer to layer. Rasters must agree in every cell; if the first difference of a run is at a neuron
that both sides put within the bound of its threshold (a near-tie), the run is undecided from there: counted and reported, never hidden.
"""

from .bounds import voltage_bounds
from .margins import closest_margins
from .outcome import Comparison, Divergence, StateDifference
from .recordings import compare_recordings

__all__ = ["Comparison", "Divergence", "StateDifference", "closest_margins", "compare_recordings", "voltage_bounds"]
