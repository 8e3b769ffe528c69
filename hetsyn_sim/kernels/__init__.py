"""The two operations that every trainable neuron with exponential states is made of, chosen by structure, in plain torch.

:func:`exponential_filter` is the linear part (input, feed-forward, readout), :func:`spiking_scan` the part with recurrence, reset and
threshold. A faster back end replaces what is behind these two names; their signatures stay.
"""

from .filters import CHUNK, exponential_filter, filter_carry, is_tied, spread_carry
from .scan import DecayPath, SurrogateDerivative, spiking_scan

__all__ = ["CHUNK", "DecayPath", "SurrogateDerivative", "exponential_filter", "filter_carry", "is_tied", "spiking_scan", "spread_carry"]
