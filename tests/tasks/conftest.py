"""Folders of event-camera recordings."""

import pytest

from .camera_files import COLUMNS, TRIALS, WINDOWS, aedat_2, aedat_3, some


@pytest.fixture
def gestures(tmp_path):
    for k, name in enumerate(TRIALS["train"] + TRIALS["test"]):
        (tmp_path / name).write_bytes(aedat_3(some(500, k)))
        rows = "".join(f"{c},{start},{end}\n" for c, start, end in WINDOWS)
        (tmp_path / name.replace(".aedat", "_labels.csv")).write_text(COLUMNS + rows)
    for split, names in TRIALS.items():
        (tmp_path / f"trials_to_{split}.txt").write_text("\n".join(names) + "\n\n")
    return tmp_path


@pytest.fixture
def images(tmp_path):
    for label, name in enumerate(("cat", "airplane")):
        (tmp_path / name).mkdir()
        for k in range(12):
            (tmp_path / name / f"cifar10_{name}_{k}.aedat").write_bytes(aedat_2(some(60, 100 * label + k, start=5_000)))
    return tmp_path
