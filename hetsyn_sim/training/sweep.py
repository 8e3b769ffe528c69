"""Sweeps: trainings of one recipe with many settings, all combinations of lists or those that a search suggests."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import os
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import TerminatedWorkerError
from numpy.typing import NDArray

from ..data.events import SpikeDataset
from ..data.files import json_text, write_atomically
from ..errors import BackendError, ConfigError, DivergedError, one_of, positive
from .fit import fit
from .recipe import Recipe
from .run_folder import RunFolder
from .sweep_plan import SweepPlan
from .sweep_search import Task, Tell, search

#: Seed -> recordings, the traces to follow if there are any, and the name of the data. It is sent to other processes.
Recordings = Callable[[int], tuple[SpikeDataset, NDArray[np.float64] | None, str]]
_NO_ACCURACY = "traces have no accuracy: write `metric: validation_loss`"


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes
    ----------
    settings, seed
        What differs from the recipe, by place.
    folder
        Its run folder, in that of the sweep, named by the recipe's content.
    state
        ``failed`` where the training diverged; ``message`` says how.
    metrics
        Those of the checkpoint: of the last epoch, or of the best where the recipe keeps that.
    """

    settings: dict[str, Any]
    seed: int
    folder: str
    state: Literal["finished", "failed"]
    metrics: dict[str, float] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True)
class SweepResult:
    """The runs of a sweep, in the order of the plan or of the trials, and the ``metric`` they are judged by."""

    runs: list[Run]
    metric: str

    def means(self) -> list[tuple[dict[str, Any], float]]:
        """Each combination whose runs have all finished, with the mean of the metric over its seeds; the best first."""
        groups: dict[str, list[Run]] = {}
        for run in self.runs:
            groups.setdefault(json.dumps(run.settings), []).append(run)
        finished = [runs for runs in groups.values() if all(run.state == "finished" for run in runs)]
        means = [(runs[0].settings, float(np.mean([run.metrics[self.metric] for run in runs]))) for runs in finished]
        return sorted(means, key=lambda item: item[1], reverse=self.metric == "validation_accuracy")

    def to_csv(self) -> str:
        """One line per run: settings, seed, state, metrics, folder."""
        settings = dict.fromkeys(name for run in self.runs for name in run.settings)
        metrics = dict.fromkeys(name for run in self.runs for name in run.metrics)
        text = io.StringIO()
        writer = csv.DictWriter(text, [*settings, "seed", "state", *metrics, "folder", "message"], lineterminator="\n")
        writer.writeheader()
        for run in self.runs:
            shown = {name: value if isinstance(value, str) else json.dumps(value) for name, value in run.settings.items()}
            rest = {name: getattr(run, name) for name in ("seed", "state", "folder", "message")}
            writer.writerow({**shown, **run.metrics, **rest})
        return text.getvalue()

    def save(self, out: Path) -> None:
        """Write ``sweep.csv`` and ``sweep.json`` into the folder ``out`` of the sweep."""
        means = [{"settings": settings, self.metric: value} for settings, value in self.means()]
        write_atomically(out / "sweep.csv", self.to_csv())
        content = {"metric": self.metric, "best": means[0] if means else None, "means": means, "runs": [asdict(run) for run in self.runs]}
        write_atomically(out / "sweep.json", json_text(content))


def sweep(
    plan: SweepPlan,
    recordings: Recordings,
    out: str | PathLike[str],
    *,
    trials: int | None = None,
    jobs: int = 1,
    after_run: Callable[[Run, int, int], None] | None = None,
) -> SweepResult:
    """Train every combination with every seed, or search for the best settings (:mod:`hetsyn_sim.training.sweep_search`).

    Called again, finished runs are read and others go on where they stopped, with the bytes that they would have ended with. The table
    (``sweep.csv``, ``sweep.json``) is written after every run.

    Parameters
    ----------
    plan
        What varies: lists or, for a search, ranges and lists.
    recordings
        A function that can be sent to other processes.
    out
        Folder of the sweep; a search has its ``study.sqlite`` there.
    trials
        Search, with so many trials in all, earlier ones included. None: all combinations.
    jobs
        Trainings at a time, each in a process with its part of the cores.
    after_run
        Called with each run, how many combinations or trials are done, and how many there are.

    Raises
    ------
    ConfigError
        If a setting is wrong, if there are no trials, if a range varies without a search, if the runs lack the metric, if another process
        uses the folder, or if it holds a search of something else.
    BackendError
        If a training was killed (the sweep goes on when called again), or if Optuna is not installed, which a search needs.
    """
    plan.check()
    if trials is not None:
        positive(trials, "the number of trials", where="sweep", remedy="search with one trial or more", error=ConfigError)
    folder, result = Path(out), SweepResult([], plan.metric)
    done: dict[int, list[Run]] = {}
    with ExitStack() as stack:
        stack.enter_context(RunFolder(folder).alone())
        plan.keep_in(folder, "grid" if trials is None else "search")
        if trials is None:
            grid = [(k, settings, [seed]) for k, (settings, seed) in enumerate(itertools.product(plan.combinations(), plan.seeds))]
            tasks, n_tasks = iter(grid), len(grid)
            tell: Tell = _tell_nobody
        else:
            (tasks, tell), n_tasks = stack.enter_context(search(plan, folder, trials)), trials
        for task, runs in stack.enter_context(closing(_train_all(tasks, plan, folder, recordings, jobs))):
            means = SweepResult(runs, plan.metric).means()  # empty if a training diverged
            done.update(dict.fromkeys(tell(task, means[0][1] if means else None), runs))
            result = SweepResult([run for number in sorted(done) for run in done[number]], plan.metric)
            result.save(folder)
            for run in runs:
                if after_run is not None:
                    after_run(run, len(done), max(n_tasks, len(done)))
    return result


def _tell_nobody(task: Task, value: float | None) -> list[int]:
    """For all combinations, which need not be told what came of one."""
    return [task[0]]


def _train_all(tasks: Iterator[Task], plan: SweepPlan, out: Path, recordings: Recordings, jobs: int) -> Generator[tuple[Task, list[Run]]]:
    """Train the tasks, ``jobs`` at a time. The next one is asked for when there is a place for it."""
    train = partial(_train, plan.base(), out, recordings, plan.metric)
    if jobs == 1:
        yield from ((task, train(task)) for task in tasks)
        return
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    with ProcessPoolExecutor(max_workers=jobs, env={"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}) as pool:
        try:
            at_work: dict[Future[list[Run]], Task] = {}
            while True:
                at_work |= {pool.submit(train, task): task for task in itertools.islice(tasks, jobs - len(at_work))}
                if not at_work:
                    return
                for future in wait(at_work, return_when=FIRST_COMPLETED).done:
                    yield at_work.pop(future), future.result()
        except TerminatedWorkerError as error:
            raise BackendError(
                "a training of the sweep was killed",
                where=str(out),
                got=str(error).splitlines()[0],
                expected="trainings that are left alone, with enough memory",
                remedy="use fewer jobs if memory was short; the same command goes on",
            ) from error
        except BaseException:
            pool.shutdown(kill_workers=True)  # not to wait for trainings whose results nobody takes
            raise


def _train(recipe: Recipe, out: Path, recordings: Recordings, metric: str, task: Task) -> list[Run]:
    """Train with each seed, go on with what was begun, or read what is finished.

    A training that diverges is a result. Whatever else goes wrong (a full disk, say) is an error.
    """
    runs = []
    for seed in task[2]:
        final = recipe.with_settings(task[1]).changed(seed=seed)
        digest = hashlib.sha256(json.dumps(final.to_dict(), sort_keys=True).encode()).hexdigest()
        folder = Path("runs") / f"{digest[:12]}-seed{seed}"
        data, traces, name = recordings(seed)
        try:
            result = fit(final, data, traces=traces, out=out / folder, progress=False, data_name=name, devices=1)
        except DivergedError as error:
            runs.append(Run(task[1], seed, str(folder), "failed", message=f"{error.what}: {error.where}"))
            continue
        metrics = {key: float(value) for key, value in sorted(result.checkpoint.metrics.items()) if isinstance(value, int | float)}
        offered = [key for key in metrics if key.startswith("validation")]
        one_of(metric, offered, "metric of a run", where="metric", remedy=_NO_ACCURACY, error=ConfigError)
        runs.append(Run(task[1], seed, str(folder), "finished", metrics))
    return runs
