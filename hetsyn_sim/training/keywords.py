"""Keywords of ``fit`` that there are not: the nearest one, or the place where such a setting goes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..errors import ConfigError, nearest
from .optimisers import Optimiser
from .settings import Training

#: What goes to Lightning's Trainer.
DEVICES: Final = ("accelerator", "devices", "strategy", "num_nodes")
#: What other libraries call a setting.
_ALSO_CALLED: Final = {"learning_rate": "lr", "gradient_clip_val": "clip_norm", "max_epochs": "epochs", "scheduler": "schedule"}


def check_keywords(given: Iterable[str], parameters: Iterable[str], *, is_recipe: bool) -> None:
    """Raise :class:`ConfigError` unless all that is ``given`` goes to Lightning's Trainer.

    Parameters
    ----------
    given
        What a function with these ``parameters`` got beside them.
    is_recipe
        Whether settings are those of a recipe.
    """
    known = [name for name in [*parameters, *DEVICES] if name not in ("what", "data")]
    for name in given:
        if name in DEVICES:
            continue
        setting = _ALSO_CALLED.get(name, name)
        remedy = f"use one of these{nearest(setting, known)}"
        if setting in Optimiser.model_fields and setting != "name":
            remedy = f"it is a setting of the optimiser: optimiser={{{setting!r}: ...}}"
        elif setting in Training.model_fields and setting not in known:
            change = f"recipe.changed({setting}=...)" if is_recipe else f"training=hs.Training({setting}=...)"
            remedy = f"it is a setting of the training: {change}"
        raise ConfigError(f"fit has no keyword {name!r}", where="fit", got=name, expected=", ".join(known), remedy=remedy)
