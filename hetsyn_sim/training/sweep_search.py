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

    Called again, after an interruption or a kill, the search goes on: trials that were being trained are trained to their end under their
    own number, finished ones are read. With one job, the suggestions are those of a search that nobody interrupted: each is drawn with a
    seed of its own, made from the trial's number.

    Parameters
    ----------
    plan
        What varies: ranges and lists.
    recordings, out, after_run
        As for :func:`sweep_grid`; the folder also holds ``study.sqlite``.
    trials
        Total number of trials, earlier ones included. Each is trained with every seed.
    jobs
        Trials at a time.

    Raises
    ------
    BackendError
        If Optuna is not installed, or if a training was killed. The search goes on when called again.
    ConfigError
        As for a grid; also if the folder holds another search.
    """
    package("optuna", "a search", extra="sweep", where="sweep_search")
    with sweep_folder(out, plan, "search") as folder, _study(folder, plan.metric) as study:
        search = _Search(study, plan, folder, trials, after_run)
        train_all(search.tasks(), search.finish, plan, folder, recordings, jobs)
        return search.result()


class _Search:
    """Trials as tasks. Optuna holds their settings, ``sweep.json`` their runs."""

    def __init__(self, study: Study, plan: SweepPlan, folder: Path, trials: int, after_run: Callable[[Run, int, int], None] | None) -> None:
        self.study, self.plan, self.folder, self.trials, self.after_run = study, plan, folder, trials, after_run
        self.spaces = {name: _distribution(choice) for name, choice in plan.vary.items()}
        self.at_work: dict[str, list[int]] = {}  # settings -> trials: equal ones share their run folders, and are trained once
        self.done: dict[int, list[Run]] = {}
        earlier = _runs_in(folder / "sweep.json")
        for trial in study.get_trials(deepcopy=False):
            runs = [earlier[key] for seed in plan.seeds if (key := (json.dumps(self._settings(trial)), seed)) in earlier]
            if trial.state.is_finished() and len(runs) == len(plan.seeds):
                self.done[trial.number] = runs

    def result(self) -> SweepResult:
        return in_order(self.done, self.plan)

    def tasks(self) -> Iterator[Task]:
        """Trials that were begun and not finished, then new ones, each with the settings that Optuna suggests by then."""
        import optuna

        for number in itertools.count():
            begun = len(self.study.get_trials(deepcopy=False))
            if number >= max(self.trials, begun):
                return
            if number in self.done:
                continue
            if number == begun:
                self.study.sampler = optuna.samplers.TPESampler(seed=mixed_seed("trial", number) % 2**32)
                self.study.ask(self.spaces)
            trial = self.study.get_trials(deepcopy=False)[number]
            if trial.params.keys() != self.spaces.keys():  # killed in the moment between its number and its settings
                self.study.tell(number, state=optuna.trial.TrialState.FAIL, skip_if_finished=True)
                continue
            settings = self._settings(trial)
            same = self.at_work.setdefault(json.dumps(settings), [])
            same.append(number)
            if len(same) == 1:
                yield number, settings, self.plan.seeds

    def finish(self, task: Task, runs: list[Run]) -> None:
        """Keep the runs of a task; the table first, so that a kill between the two leaves a running trial whose runs are finished."""
        import optuna

        numbers = self.at_work.pop(json.dumps(task[1]))
        self.done |= dict.fromkeys(numbers, runs)
        self.result().save(self.folder)
        means = SweepResult(runs, self.plan.metric).means()
        for number in numbers:
            if means:
                self.study.tell(number, means[0][1], skip_if_finished=True)
            else:
                self.study.tell(number, state=optuna.trial.TrialState.FAIL, skip_if_finished=True)
        if self.after_run is not None:
            for run in runs:
                self.after_run(run, len(self.done), max(self.trials, len(self.done)))

    def _settings(self, trial: Any) -> dict[str, Any]:
        items = [(name, trial.params[name]) for name in self.plan.vary if name in trial.params]
        return {name: value if isinstance(self.plan.vary[name], Range) else json.loads(value) for name, value in items}


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


def _runs_in(table: Path) -> dict[tuple[str, int], Run]:
    """Settings and seed -> run, of a table that an earlier call has written."""
    if not table.exists():
        return {}
    runs = [Run(**run) for run in json.loads(table.read_text(encoding="utf-8"))["runs"]]
    return {(json.dumps(run.settings), run.seed): run for run in runs}
