"""DVS128 Gesture and CIFAR10-DVS, from the folders as they are published.

Neither ships: the readers were tried on files of the same layout only, never on the originals.

DVS128 Gesture (Amir et al. 2017, CVPR; CC BY 4.0): ``user01_led.aedat`` (AEDAT 3.1) holds many gestures of one person, one after the other;
``user01_led_labels.csv`` says when each begins and ends; ``trials_to_train.txt`` and ``trials_to_test.txt`` name the files of either split.

CIFAR10-DVS (Li et al. 2017, Front. Neurosci. 11:309): a folder for each class, a file (AEDAT 2.0) for each image.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from ..data.events import SpikeDataset
from ..data.files import reading
from ..errors import ConfigError, DataError
from .aedat import read_aedat_2_0, read_aedat_3_1
from .event_grid import EventGrid, GriddedRecording, dataset_of

#: In the order of their labels, from 0.
GESTURES = (
    "hand clapping",
    "right hand wave",
    "left hand wave",
    "right arm clockwise",
    "right arm counter clockwise",
    "left arm clockwise",
    "left arm counter clockwise",
    "arm roll",
    "air drums",
    "air guitar",
    "other gestures",
)
CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
#: Bytes of a list: the published ones have less than a thousand.
_MOST_TEXT = 1 << 20
_COLUMNS = ["class", "startTime_usec", "endTime_usec"]


def dvs_gestures(
    source: str | PathLike[str], *, dt: float = 0.005, duration: float | None = None, pool: int = 1, unordered: bool = False
) -> SpikeDataset:
    """The gestures of DVS128 Gesture as spikes, training and test split as published.

    Parameters
    ----------
    source
        Folder with the recordings, their labels, and both lists of trials.
    dt, duration, pool
        The grid: :class:`~hetsyn_sim.tasks.event_grid.EventGrid`. It begins anew with each gesture.
    unordered
        Take times that run backwards as they are, instead of refusing the file.

    Returns
    -------
    SpikeDataset
        Labels are indices into :data:`GESTURES`, speakers are people. Gestures without an event are left out.

    Raises
    ------
    DataError
        If a list, a recording or its labels are missing, damaged or empty.
    ConfigError
        If the settings make no grid.
    """
    grid, folder = EventGrid(dt, duration, pool), Path(source)
    trials = {split: _trials(folder, split) for split in ("train", "test")}
    if twice := sorted(set(trials["train"]) & set(trials["test"])):
        raise DataError(
            "a recording is in both splits",
            where=str(folder),
            got=", ".join(twice),
            expected="lists without a common name",
            remedy="unpack trials_to_train.txt and trials_to_test.txt again",
        )
    recordings = (one for split, names in trials.items() for name in names for one in _gestures(folder / name, split, grid, unordered))
    return dataset_of(recordings, grid, {"layout": "DVS128 Gesture", "licence": "CC BY 4.0, Amir et al. 2017"}, where=str(folder))


def cifar10_dvs(
    source: str | PathLike[str],
    *,
    dt: float = 0.005,
    duration: float | None = None,
    pool: int = 1,
    test_share: float = 0.1,
    unordered: bool = False,
) -> SpikeDataset:
    """The recordings of CIFAR10-DVS as spikes. Time begins with the first event of each.

    Parameters
    ----------
    source
        Folder that holds a folder for each class, or for some of them.
    dt, duration, pool, unordered
        As in :func:`dvs_gestures`.
    test_share
        The authors gave no split. The last recordings of each class, by the number in their names, are for testing: this share of them,
        rounded.

    Returns
    -------
    SpikeDataset
        Labels are indices into :data:`CIFAR10_CLASSES`, whichever classes are there.

    Raises
    ------
    DataError
        If a folder is missing, empty or of no known class, or a recording is damaged.
    ConfigError
        If the settings make no grid, or the share is not from 0 to 1.
    """
    grid, folder = EventGrid(dt, duration, pool), Path(source)
    if not 0.0 <= test_share <= 1.0:
        raise ConfigError(
            "this is no share",
            where="cifar10_dvs: test_share",
            got=repr(test_share),
            expected="from 0 to 1",
            remedy="use 0.1, as others do",
        )
    classes = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if not classes or not {path.name for path in classes} <= set(CIFAR10_CLASSES):
        raise DataError(
            "this is not a folder with the classes of CIFAR10-DVS",
            where=str(folder),
            got=", ".join(path.name for path in classes) or ("no folders in it" if folder.is_dir() else "no such folder"),
            expected=f"folders among {', '.join(CIFAR10_CLASSES)}",
            remedy="unpack the archives of the classes into one folder of their own",
        )
    recordings = (one for path in classes for one in _images(path, test_share, grid, unordered))
    return dataset_of(recordings, grid, {"layout": "CIFAR10-DVS", "test_share": f"{test_share:g}"}, where=str(folder))


def _trials(folder: Path, split: str) -> list[str]:
    """Names of the recordings of a split."""
    path = folder / f"trials_to_{split}.txt"
    names = [line.strip() for line in _text(path).splitlines() if line.strip()]
    missing = [name for name in names if Path(name).name != name or not (folder / name).is_file()]
    if missing or not names:
        raise DataError(
            "a list of trials names no recordings of this folder",
            where=str(path),
            got=f"{len(missing)} of {len(names)} not there, the first is {missing[0]!r}" if missing else "an empty list",
            expected="one file of this folder in each line, such as user01_led.aedat",
            remedy="unpack the whole archive, and leave the recordings beside the lists",
        )
    return names


def _gestures(path: Path, split: str, grid: EventGrid, unordered: bool) -> Iterator[GriddedRecording]:
    labels = path.with_name(f"{path.stem}_labels.csv")
    rows = list(csv.reader(_text(labels).splitlines()))
    if not rows or [word.strip() for word in rows[0]] != _COLUMNS or len(rows) < 2:
        raise _no_labels(labels, f"the first line {','.join(rows[0]) if rows else ''!r}, {max(0, len(rows) - 1)} more")
    events = read_aedat_3_1(path, unordered=unordered)
    for k, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        try:
            number, start, end = (int(word) for word in row)
        except ValueError as error:
            raise _no_labels(labels, f"{','.join(row)!r} in line {k}") from error
        if not (1 <= number <= len(GESTURES) and 0 <= start < end):
            raise _no_labels(labels, f"class {number} from {start} to {end} us in line {k}")
        yield GriddedRecording(f"{path.stem} line {k}", path.stem.split("_")[0], split, number - 1, *grid.cells(events, start, end))


def _images(folder: Path, test_share: float, grid: EventGrid, unordered: bool) -> Iterator[GriddedRecording]:
    files = sorted(folder.glob("*.aedat"), key=lambda path: ([int(n) for n in re.findall(r"\d+", path.stem)], path.name))
    if not files:
        raise DataError(
            "a class has no recordings",
            where=str(folder),
            got="no file ending in .aedat",
            expected=f"recordings such as cifar10_{folder.name}_0.aedat",
            remedy="unpack the archive of this class, or remove the folder",
        )
    n_train = len(files) - round(test_share * len(files))
    for k, path in enumerate(files):
        events = read_aedat_2_0(path, unordered=unordered)
        start, end = (int(events.t.min()), int(events.t.max()) + 1) if events.t.size else (0, 1)
        split = "train" if k < n_train else "test"
        yield GriddedRecording(path.stem, "", split, CIFAR10_CLASSES.index(folder.name), *grid.cells(events, start, end))


def _text(path: Path) -> str:
    expected = "trials_to_train.txt, trials_to_test.txt, and for every recording its _labels.csv, all in one folder"
    remedy = "unpack the whole archive of DVS128 Gesture, and name the folder with the recordings"
    with reading(path, "a list that belongs to the recordings can't be read", expected=expected, remedy=remedy, most=_MOST_TEXT):
        return path.read_text(encoding="utf-8-sig")


def _no_labels(path: Path, got: str) -> DataError:
    return DataError(
        "these are not the labels of a recording",
        where=str(path),
        got=got,
        expected=f"a first line {','.join(_COLUMNS)}, then lines of a class from 1 to {len(GESTURES)}, a beginning, and a later end",
        remedy="unpack the file again",
    )
