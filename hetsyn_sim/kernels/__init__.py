"""The two operations that every trainable neuron with exponential states is made of, chosen by structure.

:func:`exponential_filter` is the linear part (input, feed-forward, readout), :func:`spiking_scan` the part with recurrence, reset and
threshold. Behind both stand back ends (:func:`use_backend`): ``plain`` torch, exact, on any device, and ``fused``, exact C++ for CPUs,
which is used where it can be. In float32 a layer may choose shared decays (:mod:`hetsyn_sim.kernels.forms`), within what rounding does.
"""

from .backends import BACKENDS, available_backends, use_backend
from .delays import Window, delayed_filter, delayed_window, longest_lag
from .filters import CHUNK, exponential_filter, filter_carry, leaky_carry, leaky_filter, spread_carry
from .forms import Form, choose_form, chooses_form
from .lags import is_tied
from .scan import DecayPath, SurrogateDerivative, spans_any_time, spiking_scan

__all__ = [
    "BACKENDS",
    "CHUNK",
    "DecayPath",
    "Form",
    "SurrogateDerivative",
    "Window",
    "available_backends",
    "choose_form",
    "chooses_form",
    "delayed_filter",
    "delayed_window",
    "exponential_filter",
    "filter_carry",
    "is_tied",
    "leaky_carry",
    "leaky_filter",
    "longest_lag",
    "spans_any_time",
    "spiking_scan",
    "spread_carry",
    "use_backend",
]
