"""Tasks: recordings with labels or targets, their splits, and what is known of where they come from."""

from __future__ import annotations

from .corpora import spoken_words
from .dms import delayed_match_to_sample
from .event_cameras import cifar10_dvs, dvs_gestures
from .forecast import Forecast
from .lyapunov import largest_exponent
from .mackey_glass import mackey_glass
from .mnist import sequential_mnist
from .patterns import pattern_generation
from .shd import heidelberg_digits
from .spoken_digits import spoken_digits

__all__ = [
    "Forecast",
    "cifar10_dvs",
    "delayed_match_to_sample",
    "dvs_gestures",
    "heidelberg_digits",
    "largest_exponent",
    "mackey_glass",
    "pattern_generation",
    "sequential_mnist",
    "spoken_digits",
    "spoken_words",
]
