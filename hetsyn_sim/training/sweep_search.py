"""A search for the best settings by Optuna, whose trials are ordinary run folders: what is killed goes on under its own number."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import package
from .randomness import mixed_seed
from .sweep import Recordings, Run, SweepResult, Task, in_order, sweep_folder, train_all
from .sweep_plan import Range, SweepPlan

if TYPE_CHECKING:
    from optuna import Study


def sweep_search(
    plan: SweepPlan,
    recordings: Recordings,
    out: str | PathLike[str],
    *,
    trials: int,
    jobs: int = 1,
    after_run: Callable[[Run, int, int], None] | None = None,
) -> SweepResult:
    """Search for the best settings by Optuna's tree-structured Parzen estimator (Bergstra et al. 2011).

    Called again, it goes on: trials that were being trained are trained to their end under their own number, finished ones are read. With
    one job, the suggestions are those of a search that was never interrupted: each is drawn with a seed made from the trial's number.

    Parameters
    ----------
    plan
        What varies: ranges and lists.
    recordings, out, jobs, after_run
        As for :func:`~hetsyn_sim.training.sweep.sweep_grid`; the folder also holds ``study.sqlite``.
    trials
        Total number of trials, earlier ones included. Each is trained with every seed.

    Raises
    ------
    BackendError
        If Optuna is not installed, or if a training was killed.
    ConfigError
        As for a grid; also if the folder holds another search.
    """
    optuna: Any = package("optuna", "a search", extra="sweep", where="sweep_search")
    spaces = {name: _distribution(choice) for name, choice in plan.vary.items()}
    failed = optuna.trial.TrialState.FAIL
    done: dict[int, list[Run]] = {}
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
                study.tell(number, state=failed, skip_if_finished=True)
                continue
            settings = {k: chosen[k] if isinstance(choice, Range) else json.loads(chosen[k]) for k, choice in plan.vary.items()}
            same = at_work.setdefault(json.dumps(settings), [])
            same.append(number)
            if len(same) == 1:
                yield number, settings, plan.seeds

    def finish(task: Task, runs: list[Run]) -> None:
        numbers = at_work.pop(json.dumps(task[1]))
        done.update(dict.fromkeys(numbers, runs))
        in_order(done, plan).save(folder)
        means = SweepResult(runs, plan.metric).means()  # empty if a training diverged
        for number in numbers:
            study.tell(number, means[0][1] if means else None, None if means else failed, skip_if_finished=True)
        for run in runs:
            if after_run is not None:
                after_run(run, len(done), max(trials, len(done)))

    with sweep_folder(out, plan, "search") as folder, _study(folder, plan.metric) as study:
        train_all(tasks(), finish, plan, folder, recordings, jobs)
    return in_order(done, plan)


@contextmanager
def _study(folder: Path, metric: str) -> Iterator[Study]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.RDBStorage(f"sqlite:///{(folder / 'study.sqlite').absolute()}")
    direction: Literal["maximize", "minimize"] = "maximize" if metric == "validation_accuracy" else "minimize"
    try:
        yield optuna.create_study(storage=storage, study_name="sweep", direction=direction, load_if_exists=True)
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
