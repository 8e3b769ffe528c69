"""Tasks whose recordings are drawn from a seed, so that a recipe can name them and no file is needed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ..data.events import SpikeDataset
from ..errors import ConfigError, one_of
from .dms import delayed_match_to_sample
from .patterns import PatternTask, pattern_generation

#: Task -> the function that draws it.
DRAWN: Mapping[str, Callable[..., SpikeDataset | PatternTask]] = MappingProxyType(
    {"delayed_match_to_sample": delayed_match_to_sample, "pattern_generation": pattern_generation}
)


def draw(task: Mapping[str, Any], seed: int) -> SpikeDataset | PatternTask:
    """The recordings of the ``task`` section of a recipe, ``{name: delayed_match_to_sample, n_train: 32000, n_test: 2000}``.

    Parameters
    ----------
    task
        Name of a task and the arguments of its function.
    seed
        Of the training, so that other seeds see other recordings.

    Raises
    ------
    UnknownNameError
        If there is no such task, or it has no such setting.
    ConfigError
        If a setting is missing, or its value makes no sense.
    """
    settings = {name: value for name, value in task.items() if name != "name"}
    function = one_of(task.get("name"), DRAWN, "task", where="task")
    known = [name for name in inspect.signature(function).parameters if name != "seed"]
    for name in settings:
        one_of(name, known, "setting of a task", where=f"task.{task['name']}", remedy="remove it")
    try:
        recordings: SpikeDataset | PatternTask = function(**settings, seed=seed)
    except TypeError as error:
        raise ConfigError(
            "a setting of the task is missing or of the wrong type",
            where=f"task.{task['name']}",
            got=str(error),
            expected=", ".join(known),
            remedy="give numbers, and n_train at least",
        ) from error
    return recordings
