"""The ladder from a trained network to biophysics: small declarative changes of the network, each run in Brian2 and held against it."""

from .climb import Row, climb
from .distance import van_rossum
from .rung import Rung, Setting
from .rungs import RUNGS

__all__ = ["RUNGS", "Row", "Rung", "Setting", "climb", "van_rossum"]
