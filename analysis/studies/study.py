"""A study: cases, what one run of a case gives, table and figure of all runs. Runs are stored as they come, so a study can be stopped."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from joblib import Parallel, delayed
from matplotlib.figure import Figure

from hetsyn_sim.data.files import json_text, read_stored_rows, write_atomically
from hetsyn_sim.report.document import png_of

#: What distinguishes runs of a study but for the seed: plain data.
Case = Mapping[str, Any]
#: One run: ``case``, ``seed``, ``seconds``, and what was measured.
Row = dict[str, Any]


@dataclass(frozen=True)
class Study:
    """A published experiment.

    Attributes
    ----------
    name, about
        What it is called, and what is done.
    cases
        What differs between runs, the most informative first.
    run
        ``run(case, seed, source) -> measurements``. ``source`` is where the data are, None unless ``needs_data``.
    lines
        ``lines(rows)``: Markdown beside the paper's numbers.
    seeds
        How many runs of each case the study asks for.
    needs_data
        Which files have to be named, since they do not ship; empty if none.
    draw
        ``draw(rows)``: the figure, of whatever has been run; None if the study has none.
    kept
        Whether a run is so long that it is kept while it goes on: ``run`` also takes ``out``, its own folder in that of the study.
    """

    name: str
    about: str
    cases: Sequence[Case]
    run: Callable[..., Row]
    lines: Callable[[Sequence[Row]], Iterator[str]]
    seeds: int = 5
    needs_data: str = ""
    draw: Callable[[Sequence[Row]], Figure] | None = None
    kept: bool = False


@dataclass(frozen=True)
class _Task:
    study: Study
    case: Case
    seed: int

    def options(self, folder: Path) -> dict[str, Path]:
        """What its run takes besides."""
        facts = [*map(str, self.case.values()), str(self.seed)]
        return {"out": folder / self.study.name / "-".join(facts)} if self.study.kept else {}

    def row(self, rows: Sequence[Row]) -> Row | None:
        return next((row for row in rows if row["case"] == self.case and row["seed"] == self.seed), None)


def run_studies(
    studies: Sequence[Study],
    folder: Path,
    *,
    seeds: int | None = None,
    jobs: int = 1,
    budget: float | None = None,
    source: Path | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> dict[str, list[Row]]:
    """Run every case of every study with every seed, seed by seed: what is stopped has few seeds of all cases, not all seeds of a few.

    Parameters
    ----------
    folder
        ``NAME.json`` in it gets every row of a study when it is there; what it holds is not run again.
    seeds
        Runs of each case; None: as many as each study asks for.
    jobs
        Runs side by side.
    budget
        Seconds after which no run should be under way: one begins only if those of its kind were short enough so far.
    source
        For the studies that need data.

    Returns
    -------
    dict
        Study -> the rows that are there now, in order of seed and case.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, which loses the runs under way and no other.
    """
    stored = {study.name: _stored(folder / f"{study.name}.json") for study in studies}
    most = max(seeds or study.seeds for study in studies)
    wanted = [_Task(s, case, seed) for seed in range(most) for s in studies for case in s.cases if seed < (seeds or s.seeds)]
    tasks = [task for task in wanted if task.row(stored[task.study.name]) is None]
    deadline = None if budget is None else time.monotonic() + budget

    def affordable() -> Iterator[Any]:
        for task in tasks:
            if deadline is None or time.monotonic() + _expected(task, stored) < deadline:
                yield delayed(_run)(task, source, folder, jobs > 1)

    progress(1.0 - len(tasks) / len(wanted))
    # one task is handed out when another is done, so that what is affordable is known as late as possible
    results = Parallel(n_jobs=jobs, return_as="generator_unordered", pre_dispatch=jobs, batch_size=1)(affordable())
    try:
        for k, (name, row) in enumerate(results, start=1):
            stored[name].append(row)
            write_atomically(folder / f"{name}.json", json_text({"study": name, "rows": stored[name]}))
            progress(1.0 - (len(tasks) - k) / len(wanted))
    except _Stopped:
        raise KeyboardInterrupt from None
    rows: dict[str, list[Row]] = {study.name: [] for study in studies}
    for task in wanted:
        if (row := task.row(stored[task.study.name])) is not None:
            rows[task.study.name].append(row)
    return rows


def write_results(study: Study, rows: Sequence[Row], folder: Path) -> list[Path]:
    """Write ``NAME.md`` with the table and ``NAME.png`` with the figure of a study, if it has one; return their paths."""
    written = [write_atomically(folder / f"{study.name}.md", "\n".join([*study.lines(rows), ""]))]
    if study.draw is not None:
        written.append(write_atomically(folder / f"{study.name}.png", png_of(study.draw(rows))))
    return written


def _stored(path: Path) -> list[Row]:
    if not path.exists():
        return []
    return read_stored_rows(path, _checked)


def _checked(content: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = content["rows"]
    for k, row in enumerate(rows):
        seconds = row.get("seconds") if isinstance(row, dict) else None
        if not (isinstance(seconds, int | float) and isinstance(row.get("case"), dict) and isinstance(row.get("seed"), int)):
            raise ValueError(f"row {k} without a case, a seed or its seconds")
    return rows


class _Stopped(BaseException):
    """Ctrl-C during a run. A training that sees KeyboardInterrupt says what of itself is kept, which here is not the point."""


def _stop(*_: object) -> None:
    raise _Stopped


@contextmanager
def _interrupts_handled(side_by_side: bool) -> Iterator[None]:
    """Ctrl-C reaches every process. Runs side by side leave it to the process that began them, which ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN if side_by_side else _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _run(task: _Task, source: Path | None, folder: Path, side_by_side: bool) -> tuple[str, Row]:
    begun = time.perf_counter()
    with _interrupts_handled(side_by_side):
        measured = task.study.run(task.case, task.seed, source, **task.options(folder))
    return task.study.name, {"case": dict(task.case), "seed": task.seed, "seconds": time.perf_counter() - begun, **measured}


def _expected(task: _Task, stored: Mapping[str, Sequence[Row]]) -> float:
    """Seconds, by the runs of the same case so far, or else of the study, or else of all: a first run may be long, too."""
    rows = stored[task.study.name]
    alike = [row["seconds"] for row in rows if row["case"] == task.case] or [row["seconds"] for row in rows]
    alike = alike or [row["seconds"] for others in stored.values() for row in others]
    return median(alike) if alike else 0.0
