"""Every writer on a disk that is full, at every operation and at many bytes, and in a folder that may not be written to.

What was there before is there after, byte for byte; nothing is left beside it; the error is typed.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from hetsyn_sim.cli.options import write_json
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.data.files import write_atomically
from hetsyn_sim.data.recording_file import load_recording, save_recording
from hetsyn_sim.errors import HetSynError
from hetsyn_sim.exchange import export_brian2
from hetsyn_sim.training import fit
from hetsyn_sim.training.resume import read_state, write_state

from . import material as m
from .case import five_parts, snapshot
from .disk import at_operation, no_room_after

ROOT = Path(__file__).parents[2]
#: Writer -> name of its file, how it writes, and how that is read again.
WRITERS = {
    "write_atomically": ("a.txt", lambda path: write_atomically(path, "x" * 5000), Path.read_text),
    "write_json": ("a.json", lambda path: write_json(path, {"numbers": list(range(500))}), Path.read_text),
    "Checkpoint.save": ("n.safetensors", lambda path: m.checkpoint().save(path), Checkpoint.load),
    "save_recording": ("r.npz", lambda path: save_recording(m.recording(), path), load_recording),
    "SpikeDataset.save": ("s.h5", lambda path: m.data().save(path), SpikeDataset.load),
    "write_state": ("resume.safetensors", lambda path: write_state({"epoch": 1, "text": "x" * 500}, path), read_state),
}


def old_and_new(writer, folder):
    """The old file that is to be replaced, what is there, and how large the new one will be."""
    name, write, _ = WRITERS[writer]
    write(folder / name)
    size = (folder / name).stat().st_size
    (folder / name).write_bytes(b"what was there before")
    return folder / name, snapshot(folder), size


def error_of(call):
    """The typed error that it ends with; None if it does not."""
    try:
        call()
    except HetSynError as error:
        return error
    return None


def files_in(folder, found=None):
    """A snapshot without the folders."""
    return {name: about for name, about in (found or snapshot(folder)).items() if not about.startswith("d")}


@pytest.mark.parametrize("writer", WRITERS)
def test_no_room_at_a_byte(writer, tmp_path):
    path, before, size = old_and_new(writer, tmp_path)
    for n_bytes in (0, 1, 7, size // 3, size // 2, size - 1):
        with pytest.raises(HetSynError, match="can't be written") as caught, no_room_after(n_bytes):
            WRITERS[writer][1](path)
        five_parts(caught.value)
        assert "File too large" in str(caught.value)
        assert snapshot(tmp_path) == before
    WRITERS[writer][1](path)
    WRITERS[writer][2](path)


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("writer", WRITERS)
def test_no_room_at_any_operation(writer, there, tmp_path):
    path, before, _ = old_and_new(writer, tmp_path)
    if not there:
        path.unlink()
        path = tmp_path / "new" / "folder" / path.name
        before = snapshot(tmp_path)
    for number in range(1, 20):
        with at_operation(tmp_path, number) as told:
            error = error_of(lambda: WRITERS[writer][1](path))
        if error is None:
            break
        five_parts(error)
        assert "No space left" in str(error)
        assert files_in(tmp_path) == files_in(tmp_path, before)  # folders may have been made
    assert told["done"] == number - 1 >= 2
    WRITERS[writer][2](path)


def test_what_is_flushed_may_fail_too(tmp_path, monkeypatch):
    path, before, _ = old_and_new("Checkpoint.save", tmp_path)

    def broken(_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(HetSynError, match="Input/output error"):
        m.checkpoint().save(path)
    assert snapshot(tmp_path) == before


def test_an_export_that_does_not_fit_leaves_an_export_that_can_be_repeated(tmp_path):
    whole = tmp_path / "whole"
    export_brian2(m.checkpoint(), m.data(), whole)
    number, done = 0, False
    while not done:
        number += 1
        shutil.copytree(whole, tmp_path / "old")
        with at_operation(tmp_path / "old", number):
            error = error_of(lambda: export_brian2(m.checkpoint(), m.data(), tmp_path / "old"))
        if error is None:
            done = True
        else:
            five_parts(error)
        assert snapshot(tmp_path / "old") == snapshot(whole)  # the same export, so every file is the old one or an equal new one
        shutil.rmtree(tmp_path / "old")
    assert number > 4


@pytest.mark.parametrize("name", ["recipe.yaml", "initial.safetensors", "resume.safetensors", "checkpoint.safetensors"])
def test_a_training_that_ran_out_of_room_goes_on(name, tmp_path):
    size = len(m.run()[name])
    with pytest.raises(HetSynError, match="can't be written"), no_room_after(size - 1):
        fit(m.recipe(), m.data(), out=tmp_path / "run", progress=False, data_name="spikes.h5")
    for path in (tmp_path / "run").rglob("*"):
        if path.name not in (
            "metrics.csv",
            "resume.safetensors",
            "time_constants.safetensors",
        ):  # with the seconds that it took; of an earlier epoch
            assert path.read_bytes() == m.run()[path.name]
    fit(m.recipe(), m.data(), out=tmp_path / "run", progress=False, data_name="spikes.h5")
    assert (tmp_path / "run" / "checkpoint.safetensors").read_bytes() == m.run()["checkpoint.safetensors"]


_UNPRIVILEGED = """
import os, sys
from pathlib import Path
from tests.reliability.test_writers import WRITERS
from tests.reliability import material as m
from hetsyn_sim.errors import HetSynError
from hetsyn_sim.training import fit, load_recipe
for make in (m.checkpoint, m.recording, m.data, m.recipe):
    make()  # and with it what is imported late
os.chdir(sys.argv[1])
readers = {name: read for name, _, read in WRITERS.values() if not name.startswith("a.")}
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for name, write in [(n, w) for n, w, _ in WRITERS.values()] + [("run", lambda out: fit(m.recipe(), m.data(), out=out, progress=False))]:
    for path in (Path("closed") / name, Path("closed") / "below" / name):
        try:
            write(path)
        except HetSynError as error:
            assert "Permission denied" in str(error), error
            print("refused")
for name, read in {**readers, "toy.yaml": load_recipe, "run": lambda out: fit(m.recipe(), m.data(), out=out, progress=False)}.items():
    try:
        read(Path("sealed") / name)
    except HetSynError as error:
        print("refused")
for name, read in readers.items():
    try:
        read(Path("closed") / f"private {name}")
    except HetSynError as error:
        assert "ermission" in str(error), error
        print("refused")
"""


def test_folders_that_may_not_be_written_to(tmp_path, process):
    """Root may write everywhere, so the writers run as nobody, who owns none of it."""
    closed, sealed = tmp_path / "closed", tmp_path / "sealed"
    for folder in (closed, sealed):
        folder.mkdir()
        for name, write, _ in WRITERS.values():
            write(folder / name)
            shutil.copy(folder / name, folder / f"private {name}")
            (folder / f"private {name}").chmod(0)
    m.run_folder(sealed / "run")
    tmp_path.chmod(0o755)
    closed.chmod(0o555)
    sealed.chmod(0)
    before = snapshot(closed)
    try:
        arguments = [sys.executable, "-c", _UNPRIVILEGED, str(tmp_path)]
        done = process(arguments, cwd=ROOT, env={"HOME": "/"})
        assert done.stdout.split() == ["refused"] * (2 * (len(WRITERS) + 1) + (len(WRITERS) - 2 + 2) + (len(WRITERS) - 2))
        assert snapshot(closed) == before
    finally:
        closed.chmod(0o755)
        sealed.chmod(0o755)
