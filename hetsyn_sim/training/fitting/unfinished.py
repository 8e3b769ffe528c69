"""The file of a search that has not ended: after an interruption it goes on from there, with the numbers that it would have had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...data.files import digest_of
from ...errors import CheckpointError
from .lanes import Lanes
from .questions import Questions
from .search import Searched

Array = NDArray[np.float64]
#: Seconds between two writings.
_EVERY = 1.0
_REMEDY = "repeat the fit as it was begun, or remove the file to begin anew"


@dataclass
class Unfinished:
    """Where a search is: the piece of the recording, the ways of letting go that are done on it, and the one that is under way.

    Attributes
    ----------
    path
        The file; None if there is none.
    digest
        Of all that the search depends on.
    lanes
        Whose count of runs goes on, too.
    starts
        Of this piece, (start, place).
    ends
        Of the ways that are done.
    under_way
        The search to go on with; None if the next one begins.
    """

    path: Path | None
    digest: str
    lanes: Lanes
    starts: Array
    piece: int = 0
    ends: list[Searched] = field(default_factory=list)
    under_way: Searched | None = None
    _seconds: float = 0.0
    _begun: float = field(default_factory=perf_counter)
    _state: dict[str, Any] | None = None
    _written: float = -np.inf

    @classmethod
    def of(cls, path: str | PathLike[str] | None, digest: str, lanes: Lanes, starts: Array) -> Unfinished:
        """What the file holds, or a search at its beginning.

        Raises
        ------
        CheckpointError
            If the file can't be read, or is of another fit.
        """
        search = cls(None if path is None else Path(path), digest, lanes, starts)
        if search.path is not None and search.path.exists():
            search._read(search.path)
        return search

    @property
    def seconds(self) -> float:
        """What the search took so far, interruptions left out."""
        return self._seconds + perf_counter() - self._begun

    def keep(self, state: Searched) -> None:
        """Note the state after an iteration, and write it now and then."""
        if self.path is None:
            return
        self._state = {
            "digest": self.digest,
            "piece": self.piece,
            "starts": self.starts.copy(),
            "ends": [_as_plain(end) for end in self.ends],
            "under_way": _as_plain(state),
            "runs": self.lanes.runs,
            "seconds": self.seconds,
        }
        if perf_counter() - self._written > _EVERY:
            self._write()

    def end(self, *, interrupted: bool) -> None:
        """Write what is there if the search was interrupted; remove the file otherwise."""
        if self.path is not None and interrupted and self._state is not None:
            self._write()
        elif self.path is not None and not interrupted:
            self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        from ..resume import write_state

        assert self.path is not None
        assert self._state is not None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_state(_tensors(self._state), self.path)
        self._written = perf_counter()

    def _read(self, path: Path) -> None:
        from ..resume import read_state

        state = read_state(path, remedy=_REMEDY)
        if state.get("digest") != self.digest:
            raise CheckpointError(
                "this file is of another fit",
                where=str(path),
                got="another model, recording, bounds, loss, restarts, seed or iterations",
                expected="the unfinished search of this fit",
                remedy=_REMEDY,
            )
        self.piece, self.starts = int(state["piece"]), state["starts"].numpy()
        self.ends = [_of_plain(end) for end in state["ends"]]
        self.under_way = _of_plain(state["under_way"])
        self.lanes.runs, self._seconds = int(state["runs"]), float(state["seconds"])


def digest_of_fit(lanes: Lanes, questions: Questions, starts: Array, iterations: int) -> str:
    """SHA-256 of everything that a search depends on."""
    trials = lanes.trials
    arrays = {**trials.inputs, " v": trials.v, " spikes": trials.spikes, " in": trials.input_spikes}
    arrays |= {" counted": trials.counted, " watched": trials.watched, " starts": starts}
    facts = (
        lanes.model.to_text(),
        sorted(questions.bounds.items()),
        sorted(questions.fixed.items()),
        questions.loss,
        iterations,
        trials.dt,
    )
    parts: list[str | NDArray[Any]] = [repr(facts)]
    for name in sorted(arrays):
        array = arrays[name]
        parts += [f"\n{name}\n"] if array is None else [f"\n{name} {array.dtype} {array.shape}\n", np.ascontiguousarray(array)]
    return digest_of(parts)


_FIELDS = ("places", "costs", "path_of", "stage", "damping", "going", "iteration")


def _as_plain(state: Searched) -> dict[str, Any]:
    return {name: x.copy() if isinstance(x := getattr(state, name), np.ndarray) else x for name in _FIELDS}


def _of_plain(state: Mapping[str, Any]) -> Searched:
    return Searched(**{name: x.numpy().copy() if hasattr(x := state[name], "numpy") else x for name in _FIELDS})


def _tensors(state: Any) -> Any:
    import torch

    if isinstance(state, np.ndarray):
        return torch.from_numpy(state)
    if isinstance(state, Mapping):
        return {name: _tensors(x) for name, x in state.items()}
    return [_tensors(x) for x in state] if isinstance(state, Sequence) and not isinstance(state, str) else state
