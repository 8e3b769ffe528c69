"""A search by Optuna whose trials are ordinary run folders, and whose memory is an SQLite file: both survive a kill."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ...errors import BackendError
from ..randomness import mixed_seed
from ..recipe import Recipe
from .plan import Range, SweepPlan
from .runs import Recordings, Run, SweepResult, check_metric, in_folder, judge, train_one

if TYPE_CHECKING:
    from optuna import Study, Trial

T = TypeVar("T")


def sweep_search(
    plan: SweepPlan,
    recordings: Recordings,
    out: str | PathLike[str],
    *,
    trials: int,
    jobs: int = 1,
    tell: Callable[[Run, int, int], None] | None = None,
) -> SweepResult:
    """Search for the best settings by Optuna's tree-structured Parzen estimator (Bergstra et al. 2011).

    Called again, after an interruption or a kill, the search goes on: trials that were being trained are trained to their end under their
    own number, finished ones are read. With one job, the suggestions are those of a search that nobody interrupted: each is drawn with a
    seed of its own, made from the trial's number.

    Parameters
    ----------
    plan
        What varies: ranges and lists.
    recordings, out, tell
        As for :func:`~hetsyn_sim.training.sweep.sweep_grid`; the folder also holds ``study.sqlite``.
    trials
        How many trials there shall be in the end, those from before included. Each is trained with every seed.
    jobs
        Trials at a time.

    Raises
    ------
    BackendError
        If Optuna is not installed, or if a training was killed. The search goes on when called again.
    ConfigError
        As for a grid; also if the folder holds another search.
    """
    try:
        import optuna
    except ImportError as error:
        raise BackendError(
            "a search needs Optuna",
            where="sweep_search",
            got=str(error),
            expected="the package optuna",
            remedy='pip install "hetsyn-sim[sweep]", or train all combinations of lists, without --trials',
        ) from error
    plan.check()
    recipe = plan.base()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with in_folder(out, plan, "search") as folder:
        storage = optuna.storages.RDBStorage(f"sqlite:///{(folder / 'study.sqlite').absolute()}")
        direction: Literal["maximize", "minimize"] = "maximize" if plan.metric == "validation_accuracy" else "minimize"
        study = optuna.create_study(storage=storage, study_name="sweep", direction=direction, load_if_exists=True)
        try:
            _train_all(study, plan, recipe, recordings, folder, trials, jobs, tell)
        finally:
            storage.remove_session()
            storage.engine.dispose()
        return _table(study, plan)


class _InThisProcess(Executor):
    """For one job at a time: no process has to be started for it."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future

    def shutdown(self, wait: bool = True, **options: Any) -> None:
        pass


def _train_all(
    study: Study,
    plan: SweepPlan,
    recipe: Recipe,
    recordings: Recordings,
    folder: Path,
    trials: int,
    jobs: int,
    tell: Callable[[Run, int, int], None] | None,
) -> None:
    import optuna
    from joblib.externals.loky import ProcessPoolExecutor
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    running = optuna.trial.TrialState.RUNNING
    left = [trial.number for trial in study.get_trials(deepcopy=False, states=(running,))]  # from a process that was killed
    at_work: dict[Future[list[Run]], tuple[int, dict[str, Any]]] = {}
    with _InThisProcess() if jobs == 1 else ProcessPoolExecutor(max_workers=jobs) as pool:
        try:
            while True:
                while len(at_work) < jobs and (left or len(study.get_trials(deepcopy=False)) < trials):
                    number, settings = _suggested(study, plan, left.pop(0) if left else None)
                    if any(settings == others for _, others in at_work.values()):
                        left.insert(0, number)  # the same run: to be read when it is finished, not to be trained by two at a time
                        break
                    at_work[pool.submit(_train_seeds, recipe, settings, plan.seeds, folder, recordings)] = number, settings
                if not at_work:
                    return
                for future in wait(at_work, return_when=FIRST_COMPLETED).done:
                    runs = future.result()
                    check_metric(runs[0], plan.metric)
                    number, _ = at_work.pop(future)
                    _told(study, number, runs, plan.metric)
                    _table(study, plan).save(folder)
                    if tell is not None:
                        finished = sum(trial.state.is_finished() for trial in study.get_trials(deepcopy=False))
                        for run in runs:
                            tell(run, finished, max(trials, finished))
        except TerminatedWorkerError as error:
            raise BackendError(
                "a training of the search was killed",
                where=str(folder),
                got=str(error).splitlines()[0],
                expected="trainings that are left alone, with enough memory",
                remedy="use fewer jobs if memory was short; the same command goes on",
            ) from error
        except BaseException:
            pool.shutdown(kill_workers=True)
            raise


def _suggested(study: Study, plan: SweepPlan, number: int | None) -> tuple[int, dict[str, Any]]:
    """A new trial, or one that was begun, and its settings: those that it has already, and the rest drawn."""
    import optuna

    following = len(study.get_trials(deepcopy=False)) if number is None else number
    study.sampler = optuna.samplers.TPESampler(seed=mixed_seed("trial", following) % 2**32)
    begun = None if number is None else study.get_trials(deepcopy=False)[number]
    trial = study.ask() if begun is None else optuna.trial.Trial(study, begun._trial_id)
    return trial.number, {name: _value(trial, name, choice) for name, choice in plan.vary.items()}


def _value(trial: Trial, name: str, choice: list[Any] | Range) -> Any:
    if not isinstance(choice, Range):
        return json.loads(str(trial.suggest_categorical(name, [json.dumps(value) for value in choice])))
    if isinstance(choice.low, int) and isinstance(choice.high, int):
        return trial.suggest_int(name, choice.low, choice.high, log=choice.log)
    return trial.suggest_float(name, float(choice.low), float(choice.high), log=choice.log)


def _train_seeds(recipe: Recipe, settings: dict[str, Any], seeds: list[int], folder: Path, recordings: Recordings) -> list[Run]:
    return [train_one(recipe, settings, seed, folder, recordings) for seed in seeds]


def _told(study: Study, number: int, runs: list[Run], metric: str) -> None:
    """Keep the runs with the trial first: a kill between the two leaves a running trial, whose runs are found finished."""
    import optuna

    trial = study.get_trials(deepcopy=False)[number]
    study._storage.set_trial_user_attr(trial._trial_id, "runs", [run.__dict__ for run in runs])
    if any(run.state == "failed" for run in runs):
        study.tell(number, state=optuna.trial.TrialState.FAIL)
    else:
        study.tell(number, judge(runs, metric))


def _table(study: Study, plan: SweepPlan) -> SweepResult:
    kept = (trial.user_attrs["runs"] for trial in study.get_trials() if trial.state.is_finished() and "runs" in trial.user_attrs)
    return SweepResult([Run(**run) for runs in kept for run in runs], plan.metric)
