"""The search of a sweep by Optuna's tree-structured Parzen estimator (Bergstra et al. 2011).

A trial that was being trained when the process ended is trained to its end under its own number. Each suggestion is drawn with a seed made
from the trial's number: with one job, those of a search that was interrupted are those of one that was not.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import package
from .randomness import mixed_seed
from .sweep_plan import Range, SweepPlan

#: A number, the settings that differ from the recipe, and the seeds to train them with.
Task = tuple[int, dict[str, Any], list[int]]
#: Told of a task what came of it (None: nothing), it returns the combinations or trials that the task was.
Tell = Callable[[Task, float | None], list[int]]


@contextmanager
def search(plan: SweepPlan, folder: Path, trials: int) -> Iterator[tuple[Iterator[Task], Tell]]:
    """Tasks, first those that were begun, and whom to tell what came of them.

    Parameters
    ----------
    plan
        What varies: ranges and lists.
    folder
        It holds the trials in ``study.sqlite``.
    trials
        How many there shall be in all.

    Raises
    ------
    BackendError
        If Optuna is not installed.
    """
    optuna: Any = package("optuna", "a search", extra="sweep", where="sweep_search")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    spaces = {name: _distribution(choice) for name, choice in plan.vary.items()}
    at_work: dict[str, list[int]] = {}  # settings -> trials: equal ones share their run folders, and are trained once

    def tasks() -> Iterator[Task]:
        for number in itertools.count():
            begun = len(study.get_trials(deepcopy=False))
            if number >= max(trials, begun):
                return
            if number == begun:
                study.sampler = optuna.samplers.TPESampler(seed=mixed_seed("trial", number) % 2**32)
                study.ask(spaces)
            chosen = study.get_trials(deepcopy=False)[number].params
            if chosen.keys() != spaces.keys():  # killed in the moment between its number and its settings
                tell_one(number, None)
                continue
            settings = {k: chosen[k] if isinstance(choice, Range) else json.loads(chosen[k]) for k, choice in plan.vary.items()}
            same = at_work.setdefault(json.dumps(settings), [])
            same.append(number)
            if len(same) == 1:
                yield number, settings, plan.seeds

    def tell_one(number: int, value: float | None) -> None:
        study.tell(number, value, optuna.trial.TrialState.FAIL if value is None else None, skip_if_finished=True)

    def tell(task: Task, value: float | None) -> list[int]:
        numbers = at_work.pop(json.dumps(task[1]))
        for number in numbers:
            tell_one(number, value)
        return numbers

    storage = optuna.storages.RDBStorage(f"sqlite:///{(folder / 'study.sqlite').absolute()}")
    direction = "maximize" if plan.metric == "validation_accuracy" else "minimize"
    try:
        study = optuna.create_study(storage=storage, study_name="sweep", direction=direction, load_if_exists=True)
        yield tasks(), tell
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _distribution(choice: list[Any] | Range) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if not isinstance(choice, Range):
        return CategoricalDistribution([json.dumps(value) for value in choice])
    if isinstance(choice.low, int) and isinstance(choice.high, int):
        return IntDistribution(choice.low, choice.high, log=choice.log)
    return FloatDistribution(float(choice.low), float(choice.high), log=choice.log)
