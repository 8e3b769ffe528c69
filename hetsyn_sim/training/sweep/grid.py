"""All combinations of settings and seeds, several at a time, by joblib."""

from __future__ import annotations

import os
from collections.abc import Callable
from os import PathLike

from joblib import Parallel, delayed, parallel_config

from .plan import SweepPlan
from .runs import Recordings, Run, SweepResult, check_metric, in_folder, train_one


def sweep_grid(
    plan: SweepPlan,
    recordings: Recordings,
    out: str | PathLike[str],
    *,
    jobs: int = 1,
    tell: Callable[[Run, int, int], None] | None = None,
) -> SweepResult:
    """Train every combination with every seed.

    Each is a run folder of its own. Called again, finished ones are read and others go on where they stopped, with the bytes that they
    would have ended with. The table (``sweep.csv``, ``sweep.json``) is written after every run.

    Parameters
    ----------
    plan
        What varies: lists only.
    recordings
        Seed to (recordings, traces or None, name of the data); a function that can be sent to another process.
    out
        Folder of the sweep.
    jobs
        Trainings at a time. Each has its part of the cores.
    tell
        Called after each run with it, how many are done, and how many there are.

    Raises
    ------
    ConfigError
        If a setting is none of the recipe's or has a wrong value, if something but a list varies, if the runs lack the metric, or if
        another process is at work in the folder.
    """
    plan.check()
    recipe = plan.base()
    wanted = [(settings, seed) for settings in plan.combinations() for seed in plan.seeds]
    done: dict[int, Run] = {}
    with in_folder(out, plan, "grid") as folder:
        threads = max(1, (os.cpu_count() or 1) // jobs)
        with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=threads):
            work = (delayed(_numbered)(k, recipe, *one, folder, recordings) for k, one in enumerate(wanted))
            for k, run in Parallel(return_as="generator_unordered")(work):
                check_metric(run, plan.metric)
                done[k] = run
                result = SweepResult([done[k] for k in sorted(done)], plan.metric)
                result.save(folder)
                if tell is not None:
                    tell(run, len(done), len(wanted))
    return result


def _numbered(k, recipe, settings, seed, folder, recordings):  # type: ignore[no-untyped-def]
    return k, train_one(recipe, settings, seed, folder, recordings)
