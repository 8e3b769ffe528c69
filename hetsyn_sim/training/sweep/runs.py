"""One training of a sweep, and the table of all of them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...data.events import SpikeDataset
from ...data.files import json_text, write_atomically
from ...errors import ConfigError, DivergedError
from ..recipe import Recipe
from .plan import SweepPlan, changed

#: What to train on with a seed: recordings, the traces to follow if there are any, and what to call it. It goes to other processes.
Recordings = Callable[[int], tuple[SpikeDataset, NDArray[np.float64] | None, str]]


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes
    ----------
    settings
        What differs from the recipe, by place.
    seed
        Its seed.
    folder
        Its run folder, in that of the sweep. The name is made from the recipe, so that it is the same whatever else is swept.
    state
        ``finished``, or ``failed`` where the training itself went wrong (it diverged, say); ``message`` says how.
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
    """The runs of a sweep, in the plan's order (a search: in the order of its trials), and the ``metric`` they are judged by."""

    runs: list[Run]
    metric: str

    def means(self) -> list[tuple[dict[str, Any], float]]:
        """Each combination whose runs have all finished, with the mean of the metric over its seeds; the best first."""
        groups: dict[str, list[Run]] = {}
        for run in self.runs:
            groups.setdefault(json.dumps(run.settings), []).append(run)
        found = [(g[0].settings, judge(g, self.metric)) for g in groups.values() if all(run.state == "finished" for run in g)]
        return sorted(found, key=lambda item: item[1], reverse=self.metric == "validation_accuracy")

    def to_csv(self) -> str:
        """One line per run: settings, seed, state, metrics, folder."""
        settings = list(dict.fromkeys(name for run in self.runs for name in run.settings))
        metrics = list(dict.fromkeys(name for run in self.runs for name in run.metrics))
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([*settings, "seed", "state", *metrics, "folder", "message"])
        for run in self.runs:
            values = [run.settings.get(name) for name in settings]
            shown = [value if isinstance(value, str) else json.dumps(value) for value in values]
            writer.writerow([*shown, run.seed, run.state, *(run.metrics.get(name, "") for name in metrics), run.folder, run.message])
        return text.getvalue()

    def save(self, out: Path) -> None:
        """Write ``sweep.csv`` and ``sweep.json`` into the folder ``out`` of the sweep."""
        means = [{"settings": settings, self.metric: value} for settings, value in self.means()]
        write_atomically(out / "sweep.csv", self.to_csv())
        content = {"metric": self.metric, "best": means[0] if means else None, "means": means, "runs": [asdict(run) for run in self.runs]}
        write_atomically(out / "sweep.json", json_text(content))


def judge(runs: Sequence[Run], metric: str) -> float:
    """The mean of a metric over runs."""
    return float(np.mean([run.metrics[metric] for run in runs]))


def train_one(recipe: Recipe, settings: Mapping[str, Any], seed: int, out: Path, recordings: Recordings) -> Run:
    """Train, go on with, or find finished, one run of a sweep; it is an ordinary run of :func:`~hetsyn_sim.training.fit.fit`.

    A training that goes wrong by itself is a result. Whatever else is wrong (a full disk, say) is not, and is raised.
    """
    from ..fit import fit

    final = changed(recipe, settings).changed(seed=seed)
    digest = hashlib.sha256(json.dumps(final.to_dict(), sort_keys=True).encode()).hexdigest()
    folder = Path("runs") / f"{digest[:12]}-seed{seed}"
    data, traces, name = recordings(seed)
    try:
        result = fit(final, data, traces=traces, out=out / folder, progress=False, data_name=name, devices=1)
    except DivergedError as error:
        return Run(dict(settings), seed, str(folder), "failed", message=f"{error.what}: {error.where}")
    metrics = {key: float(value) for key, value in sorted(result.checkpoint.metrics.items()) if isinstance(value, int | float)}
    return Run(dict(settings), seed, str(folder), "finished", metrics)


def check_metric(run: Run, metric: str) -> None:
    """Raise :class:`ConfigError` where a finished run lacks the metric: traces have no accuracy."""
    if run.state == "finished" and metric not in run.metrics:
        raise ConfigError(
            "the runs have no such metric",
            where="metric",
            got=metric,
            expected=" or ".join(name for name in run.metrics if name.startswith("validation")) or "recordings held out for validation",
            remedy="traces have no accuracy: write `metric: validation_loss`",
        )


@contextmanager
def in_folder(out: str | PathLike[str], plan: SweepPlan, kind: str) -> Iterator[Path]:
    """The folder of a sweep, for one process at a time; it holds the plan.

    Raises
    ------
    ConfigError
        If another process is at work in it, or if it holds a search of something else.
    """
    import fcntl

    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the system lets go of it when the process ends, however that happens
        except OSError as error:
            raise ConfigError(
                "another process is at work on this sweep",
                where=str(folder),
                got="a folder in use",
                expected="one process, which runs several trainings by `--jobs`",
                remedy="wait for it or end it, or choose another folder",
            ) from error
        content = {"kind": kind, **plan.model_dump(mode="json")}
        if kind == "search":
            _check_same(folder / "plan.json", content)
        write_atomically(folder / "plan.json", json_text(content))
        yield folder


def _check_same(path: Path, content: Mapping[str, Any]) -> None:
    """A search learns from its own trials: they have to be of the same question. A grid has no memory."""
    if not path.exists():
        return
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(
            "the plan in this folder can't be read",
            where=str(path),
            got=str(error),
            expected="what a search wrote when it began",
            remedy="choose another folder",
        ) from error
    changes = [name for name in content if before.get(name) != content[name]]
    if changes:
        raise ConfigError(
            "this folder holds another sweep",
            where=f"{path}: {changes[0]}",
            got=repr(content[changes[0]])[:200],
            expected=repr(before.get(changes[0]))[:200],
            remedy="choose another folder, or the plan that began it; the number of trials may change",
        )
