"""The folder of a training run: its files, and the check that a run there is the same as the one to go on with.

==============================  ==================================================================================
``recipe.yaml``                 the recipe with every setting written out
``initial.safetensors``         a Checkpoint of the parameters before the first step; it also says what this run is
``metrics.csv``                 one line per epoch
``time_constants.safetensors``  histograms of the trained time constants after every epoch, if there are any
``resume.safetensors``          the state after the last finished epoch, read and written by ``training/resume.py``
``checkpoint.safetensors``      the Checkpoint of the finished run; it is written last
==============================  ==================================================================================

The same run with more epochs goes on where it is, finished or not. It ends with the bytes of one longer run, if the learning rate of a step
does not depend on how many there will be. Where it does, it is another run, and ``data["extended"]`` says after which epochs it was
extended, and how many it had before.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Final

import yaml

from ..data.checkpoint import Checkpoint
from ..data.files import reading, remove_leftovers, write_atomically
from ..errors import ConfigError, HetSynError
from .optimisers import Optimiser
from .settings import Training

_EPOCHS: Final = "recipe.training.epochs"
#: The metrics of an epoch.
COLUMNS = ("epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "rate_hz", "lr", "seconds")


class RunFolder:
    """The files of one run by name."""

    CHECKPOINT: ClassVar = "checkpoint.safetensors"

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        self.recipe = self.path / "recipe.yaml"
        self.initial = self.path / "initial.safetensors"
        self.metrics = self.path / "metrics.csv"
        self.time_constants = self.path / "time_constants.safetensors"
        self.resume = self.path / "resume.safetensors"
        self.checkpoint = self.path / self.CHECKPOINT

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other trainings out of this folder for the time of a ``with`` block; whatever ends this process ends that too.

        Raises
        ------
        ConfigError
            If another training is running in it, in this process or another one of this machine.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        except (OSError, ValueError):  # no folder can be there, which :meth:`begin` says
            yield
            return
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)  # of the folder itself: no file is left that others would have to know
        except BlockingIOError:
            os.close(folder)
            raise ConfigError(
                "another training is running in this folder",
                where=str(self.path),
                got="a folder that a running process holds",
                expected="a folder for one training",
                remedy="wait for it to end, or choose another folder with out=... (`--out`)",
            ) from None
        except OSError:  # a file system without locks
            pass
        try:
            yield
        finally:
            os.close(folder)

    def begin(self, initial: Checkpoint, *, resume: bool, overwrite: bool) -> None:
        """Begin a run in this folder, or check that the run there is the same, but for fewer epochs.

        Parameters
        ----------
        initial
            The start of the run: spec, initial values, recipe, seeds and data.
        resume
            Whether to go on with the same run if it is there.
        overwrite
            Whether to remove whatever run is there first.

        Raises
        ------
        ConfigError
            If another run is there, or the same and ``resume`` is False, or if the folder can't be read.
        CheckpointError
            If the run that is there can't be read.
        """
        try:
            self._begin(initial, resume=resume, overwrite=overwrite)
        except HetSynError:
            raise
        except OSError as error:
            raise ConfigError(
                "this folder can't be used for a run",
                where=str(self.path),
                got=f"{type(error).__name__}: {error.strerror or error}",
                expected="a folder that can be read and written to",
                remedy="choose another folder, or change who may use this one",
            ) from error

    def _begin(self, initial: Checkpoint, *, resume: bool, overwrite: bool) -> None:
        remove_leftovers(self.path)
        if overwrite:
            # the finished result goes first and the identity last, so that no moment shows a finished run of another kind
            for file in (self.checkpoint, self.resume, self.metrics, self.time_constants, self.recipe, self.initial):
                file.unlink(missing_ok=True)
        if not self.initial.exists():
            if left := [f.name for f in (self.checkpoint, self.resume) if f.exists()]:
                raise ConfigError(
                    "this folder holds part of a run, but not what the run was",
                    where=str(self.path),
                    got=f"{' and '.join(left)} without {self.initial.name}",
                    expected="an empty folder, or a complete run",
                    remedy="choose another folder, or overwrite=True (`--overwrite`)",
                )
            write_atomically(self.recipe, _as_yaml(initial))
            initial.save(self.initial)
            return
        before = Checkpoint.load(self.initial)
        changes = list(_differences(_identity(before), _identity(initial)))
        if [place for place, _, _ in changes] == [_EPOCHS] and resume and changes[0][2] > changes[0][1]:
            self._extend(before, initial, changes[0][1])
            return
        if changes:
            place, was, now = changes[0]
            raise ConfigError(
                "this folder holds another training",
                where=f"{self.path}: {place}",
                got=f"{now!r}" + (f", and {len(changes) - 1} more differences" if len(changes) > 1 else ""),
                expected=f"{was!r}, as in the run that is there",
                remedy="choose another folder, repeat the command that began that run, or overwrite=True (`--overwrite`)",
            )
        if not resume:
            raise ConfigError(
                "this training was begun before",
                where=str(self.path),
                got="resume=False",
                expected="an empty folder",
                remedy="leave resume on, choose another folder, or overwrite=True (`--overwrite`)",
            )

    def _extend(self, before: Checkpoint, initial: Checkpoint, epochs: int) -> None:
        """Make of a run of so many ``epochs`` the first part of a longer one."""
        done = len(read_metrics(self.metrics)) if self.resume.exists() else 0
        pieces = [*before.data.get("extended", [])]
        if done and Training.model_validate(initial.recipe["training"]).schedule.depends_on_length:
            pieces.append({"after": done, "epochs": epochs})
        # the result goes first: without it a run is unfinished, whatever else is already written
        self.checkpoint.unlink(missing_ok=True)
        write_atomically(self.recipe, _as_yaml(initial))
        replace(initial, data={**initial.data, **({"extended": pieces} if pieces else {})}).save(self.initial)


def _as_yaml(checkpoint: Checkpoint) -> str:
    return yaml.safe_dump(dict(checkpoint.recipe), sort_keys=False, width=120)


def metrics_csv(history: Sequence[Mapping[str, float]]) -> str:
    """The history as CSV; a column that the run does not have is left out."""
    columns = [name for name in COLUMNS if any(name in row for row in history)]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: f"{row[name]:.8g}" for name in columns} for row in history)
    return text.getvalue()


def read_metrics(path: Path) -> list[dict[str, float]]:
    """What :func:`metrics_csv` wrote, one mapping per epoch.

    Raises
    ------
    DataError
        If the file is missing, damaged, or another one.
    """
    expected = f"a table of numbers, a line per epoch, with columns among {', '.join(COLUMNS)}"
    remedy = f"remove {path.name} and {RunFolder.CHECKPOINT}, and train again: both are made from the state that is kept beside them"
    with (
        reading(path, "the metrics of this run can't be read", expected=expected, remedy=remedy),
        open(path, newline="", encoding="utf-8") as file,
    ):
        reader = csv.DictReader(file, strict=True)
        rows = [{str(name): float(value) for name, value in row.items()} for row in reader]
        if not rows or not set(reader.fieldnames or ()) <= set(COLUMNS):
            raise ValueError(f"{len(rows)} rows with the columns {', '.join(map(str, reader.fieldnames or ())) or 'none'}"[:200])
        return rows


def _identity(checkpoint: Checkpoint) -> dict[str, Any]:
    """What makes a run this run, as plain data. Settings that are younger than the file are at their defaults."""
    recipe = dict(checkpoint.recipe)
    if isinstance(training := recipe.get("training"), Mapping):
        recipe["training"] = {**Training().model_dump(mode="json"), **training}
        if isinstance(optimiser := training.get("optimiser"), Mapping):
            recipe["training"]["optimiser"] = {**Optimiser().model_dump(mode="json"), **optimiser}
    data = {name: value for name, value in checkpoint.data.items() if name != "extended"}
    return {"data": data, "seeds": checkpoint.seeds, "recipe": recipe, "spec": checkpoint.spec.to_dict()}


def _differences(was: Any, now: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Place, former and present value of everything that differs between two pieces of plain data."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in [*was, *(k for k in now if k not in was)]:
            yield from _differences(was.get(key), now.get(key), f"{place}.{key}" if place else str(key))
    elif was != now:
        yield place, was, now
