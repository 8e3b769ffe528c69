"""Is it the same neuron? Two recordings compared, a network verified in two simulators, a certificate for it.

The rule. v is a sum of exponentially decaying events. Rounding in precision u makes it wrong by at most

    bound = u * (n_terms + 3 * n_steps + 32) * gain,      gain = the sum of the absolute values of the events, decayed,

(n_terms additions; per step one product, one power of the decay and one addition; 32 for the exponential and the decay's own rounding,
whose effect c (dt/tau) exp(-c dt/tau) never exceeds 1/e of it). Voltages must agree within the bounds of both sides. Spikes carry no
rounding, so errors do not travel from layer to layer. Rasters must agree in every cell; if the first difference of a run is at a neuron
that both sides put within the bound of its threshold (a near-tie), the run is undecided from there: counted and reported, never hidden.

In the order of what they need: :mod:`.compare` two recordings; :mod:`.verify` that a network gives the same ones in torch and in Brian2;
:mod:`.certify` it, on every simulator there is.
"""
