"""The ladder from a trained network to biophysics: small changes of the network, each simulated in Brian2 and compared with it."""

from .climb import CHANGES
from .distance import van_rossum
from .finetune import FineTuned, fine_tune
from .row import Row
from .run import run_ladder
from .rung import Rung, Setting
from .rungs import RUNGS

__all__ = ["CHANGES", "RUNGS", "FineTuned", "Row", "Rung", "Setting", "fine_tune", "run_ladder", "van_rossum"]
