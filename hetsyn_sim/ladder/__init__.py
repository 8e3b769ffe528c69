"""The ladder from a trained network to biophysics: small declarative changes of the network, each run in Brian2 and held against it."""

from .climb import climb
from .distance import van_rossum
from .finetune import FineTuned, fine_tune
from .row import Row
from .rung import Rung, Setting
from .rungs import RUNGS

__all__ = ["RUNGS", "FineTuned", "Row", "Rung", "Setting", "climb", "fine_tune", "van_rossum"]
