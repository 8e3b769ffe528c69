"""Options that several verbs share, and the checkpoints, recordings and files that they name."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..data.escape import one_line
from ..data.files import json_text, write_atomically
from ..errors import BackendError, ConfigError, DataError, one_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..data.checkpoint import Checkpoint
    from ..data.events import SpikeDataset
    from ..training.recipe import Recipe

#: What is used where no data file is named.
SHIPPED = "the shipped spoken digits"

CheckpointPath = Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="A checkpoint file, or the folder of a run.")]
DataFile = Annotated[
    Path | None,
    typer.Option(
        "--data",
        "--input",
        metavar="FILE",
        help="Spike file of `hetsyn encode`, or a folder it could encode, but for wav files; by default what the network was trained on, "
        f"and for a training {SHIPPED}.",
    ),
]
Split = Annotated[str, typer.Option("--split", help="Which recordings: test, train or all.")]
Device = Annotated[
    str, typer.Option("--device", help="Brian2 device: numpy, cython, cpp_standalone or cuda_standalone; cpp and cuda for short.")
]
Recordings = Annotated[int | None, typer.Option("--recordings", metavar="N", min=1, help="Only N recordings, evenly spread.")]
JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the results as JSON to this file too.")]


def load_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint of a file, or of a run's folder."""
    from ..data.checkpoint import Checkpoint

    return Checkpoint.load(path)


def beside(checkpoint_path: Path, name: str) -> Path:
    """The place called ``name`` in the run's folder, or in the folder of a checkpoint file."""
    return (checkpoint_path if checkpoint_path.is_dir() else checkpoint_path.parent) / name


def load_data(path: Path | None, checkpoint: Checkpoint | None = None, binning: str | None = None) -> SpikeDataset:
    """The named spike file; or else what the network of ``checkpoint`` was trained on; or else what ships.

    Spike times that have no grid are binned as ``binning`` says, or as the checkpoint's recipe, if one of them says something.

    Raises
    ------
    DataError
        If the file can't be read, or none is named and what the network was trained on is not here.
    """
    if path is None:
        return _shipped() if checkpoint is None else _of_training(checkpoint)
    from ..tasks.sources import kind_of, read_recordings

    if (kind := kind_of(path)) == "sounds":
        raise DataError(
            "sound has to be encoded first",
            where=str(path),
            got="recordings of sound",
            expected="spikes",
            remedy=f"hetsyn encode {one_line(path.name)} spikes.h5, and name the new file here",
        )
    binning = binning or (None if checkpoint is None else checkpoint.recipe.get("binning"))
    return read_recordings(path, kind, binning=binning or "clean")


def training_data(recipe: Recipe, path: Path | None, seed: int) -> tuple[SpikeDataset, NDArray[np.float64] | None, str]:
    """Recordings to train on, their target traces if the task has any, and a name for the data."""
    if path is not None:
        return load_data(path, binning=recipe.binning), None, str(path)
    if recipe.task is None:
        return _shipped(), None, "spoken digits (FSDD)"
    return *_drawn(recipe.task, seed), str(recipe.task["name"])


def _of_training(checkpoint: Checkpoint) -> SpikeDataset:
    """The recordings of a network's training: drawn again, from the file that it names, or what ships, if they are the same."""
    if task := checkpoint.recipe.get("task"):
        return _drawn(task, int(checkpoint.seeds.get("training", 0)))[0]
    name, fingerprint = str(checkpoint.data.get("name", "")), checkpoint.data.get("fingerprint")
    with suppress(OSError, ValueError):  # a name that no path can be
        if name and fingerprint and (Path(name).is_file() or Path(name).is_dir()):
            found = load_data(Path(name), checkpoint)
            if found.fingerprint() == fingerprint:
                return found
    if fingerprint and (shipped := _shipped()).fingerprint() == fingerprint:
        return shipped
    raise DataError(
        "the recordings that this network was trained on are not here",
        where="--data",
        got=f"{one_line(name) or 'no name'}, which is not here or has changed" if fingerprint else "a checkpoint that does not name any",
        expected=f"recordings with the fingerprint {one_line(str(fingerprint))}" if fingerprint else "recordings with its dt and channels",
        remedy="name a file of them, or of others that fit: --data FILE",
    )


def _shipped() -> SpikeDataset:
    from ..tasks import spoken_digits

    return spoken_digits()


def _drawn(task: Mapping[str, Any], seed: int) -> tuple[SpikeDataset, NDArray[np.float64] | None]:
    from ..tasks.drawn import draw
    from ..tasks.patterns import PatternTask

    drawn = draw(task, seed)
    return (drawn.data, drawn.traces) if isinstance(drawn, PatternTask) else (drawn, None)


def selected(data: SpikeDataset, split: str, n: int | None) -> SpikeDataset:
    """The recordings of a split, or ``n`` of them that are spread evenly over it: digits follow each other in the file.

    Raises
    ------
    UnknownNameError
        If there is no such split.
    DataError
        If there are no recordings in it.
    """
    check_split(split)
    chosen = data if split == "all" else data[data.split == split]
    if not len(chosen):
        raise DataError(
            "there are no recordings in this split",
            where=f"--split {split}",
            got=f"0 of {len(data)} recordings",
            expected="at least one",
            remedy="choose another split; --split all takes every recording",
        )
    return chosen if n is None or n >= len(chosen) else chosen[[k * len(chosen) // n for k in range(n)]]


def check_split(split: str) -> None:
    """Raise :class:`UnknownNameError` if there is no such split."""
    held_out = "validation recordings are held out of train while a network is trained, and have no name"
    one_of(split, ("test", "train", "all"), "split", where="--split", remedy=f"use one of these; {held_out}")


def load_run(path: Path, data_file: Path | None, split: str, n: int | None) -> tuple[Checkpoint, SpikeDataset]:
    """A checkpoint, and the recordings that the options choose."""
    checkpoint = load_checkpoint(path)
    return checkpoint, selected(load_data(data_file, checkpoint), split, n)


def require_data(subject: str, needed: str, data: Path | None, *, where: str) -> None:
    """Raise :class:`ConfigError` where files are ``needed`` that do not ship, and --data does not name them."""
    if needed and data is None:
        raise ConfigError(
            f"this {subject} needs data that do not ship",
            where=where,
            got="no --data",
            expected=needed,
            remedy="name them with --data; see the page on data",
        )


def use_own_analysis() -> None:
    """Make ``import analysis`` mean the package beside this one, not a folder or file of that name where the user is working.

    Raises
    ------
    BackendError
        If ours is not there, or another one has been imported already.
    """
    root = Path(__file__).resolve().parents[2]
    spec = find_spec("analysis")
    if spec is not None and spec.origin is not None and Path(spec.origin).resolve().parent == root / "analysis":
        return
    loaded = sys.modules.get("analysis")
    if loaded is not None or not (root / "analysis" / "__init__.py").is_file():
        raise BackendError(
            "the analyses of hetsyn-sim can't be imported",
            where="analysis",
            got=str(getattr(loaded, "__file__", None) or "no such package"),
            expected=str(root / "analysis"),
            remedy="pip install --force-reinstall --no-deps hetsyn-sim, and call `hetsyn` from a program without an `analysis` of its own",
        )
    sys.path.insert(0, str(root))  # and not taken away again: the processes of a study import it too


def check_output(*paths: Path | None) -> None:
    """Make sure, before minutes of work, that files can be written to these places.

    Raises
    ------
    ConfigError
        If one is a folder, a device or a pipe, or lies below a file.
    """
    for path in paths:
        if path is None:
            continue
        above = next((folder for folder in path.absolute().parents if folder.exists()), Path("/"))
        special = path.exists() and not path.is_file()
        if special or not above.is_dir():
            raise ConfigError(
                "nothing can be written there",
                where=str(path),
                got=("a folder" if path.is_dir() else "a device, a pipe or a socket") if special else f"{above}, which is a file",
                expected="the path of a file",
                remedy="choose another path",
            )


def check_has_unit(time: str, option: str) -> None:
    """Raise :class:`ConfigError` for a time on the command line that is a number alone: 4 would be 4 s where somebody means 4 ms."""
    if not any(letter.isalpha() for letter in time.replace("e", "").replace("E", "")) or time.strip().lower() in ("nan", "inf", "-inf"):
        raise ConfigError(
            "a time needs its unit",
            where=option,
            got=repr(time),
            expected='a number and a unit, such as "4 ms"',
            remedy=f"add the unit: {option} {_with_units(time.strip())}",
        )


def _with_units(number: str) -> str:
    """What a number without a unit may have meant: below 1 nobody counts in milliseconds here."""
    try:
        small = abs(float(number)) < 1
    except ValueError:
        small = False
    return f'"{number} s"' if small else f'"{number} ms", or "{number} s"'


def seconds(time: str, option: str) -> float:
    """A time with its unit, in seconds."""
    from ..spec.quantities import to_si

    check_has_unit(time, option)
    return to_si(time, "second", where=option)


def write_json(path: Path | None, content: Mapping[str, Any]) -> None:
    """Write results for machines, complete or not at all; nothing if there is no path."""
    if path is not None:
        write_atomically(path, json_text(content))
