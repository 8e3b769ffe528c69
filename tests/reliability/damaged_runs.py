"""Folders of runs, studies and ladders with files that are missing, damaged, or of another run: what is in them is not written over."""

from __future__ import annotations

import json

from hetsyn_sim.errors import CheckpointError, ConfigError, DataError, HetSynError

from . import material as m
from .case import Case
from .damage import edited_tensors


def _folder(change, *, without=()):
    def spoil(folder):
        place = m.run_folder(folder / "run", without=without)
        change(place)
        return place

    return spoil


def _cut(name, keep=200):
    return lambda place: (place / name).write_bytes(m.run()[name][:keep])


def _trainings():
    def case(how, change, error, message, *, without=()):
        return Case("fit", how, _folder(change, without=without), error, message, at_command_line=False)

    nothing = lambda place: None  # noqa: E731
    unfinished = ("checkpoint.safetensors",)
    yield case("the beginning of the run is cut", _cut("initial.safetensors"), CheckpointError, "can't be read")
    yield case("the beginning of the run is missing", nothing, ConfigError, "not what the run was", without=("initial.safetensors",))
    yield case("the result is cut", _cut("checkpoint.safetensors"), CheckpointError, "can't be read")
    yield case("the state is cut", _cut("resume.safetensors"), CheckpointError, "resume from can't be read", without=unfinished)
    yield case("the metrics are cut", _cut("metrics.csv", 70), DataError, "metrics of this run can't be read")
    yield case("the metrics are missing", nothing, DataError, "metrics of this run can't be read", without=("metrics.csv",))
    for how, text in (
        ("text", "epoch,train_loss\none,two\n"),
        ("a header alone", "epoch,train_loss\n"),
        ("another table", "name,value\n1,2\n"),
        ("too few columns", "epoch,train_loss\n1\n"),
        ("too many columns", "epoch,train_loss\n1,2,3\n"),
    ):
        change = lambda place, t=text: (place / "metrics.csv").write_text(t)  # noqa: E731
        yield case(f"the metrics are {how}", change, DataError, "metrics of this run can't be read")
        yield Case("read_run", f"metrics that are {how}", _folder(change), DataError, "metrics of this run can't be read")

    def other_run(place):
        content = edited_tensors(m.run()["initial.safetensors"], seeds={"training": 7})
        (place / "initial.safetensors").write_bytes(content)

    yield case("of another seed", other_run, ConfigError, "this folder holds another training")

    def other_network(place):
        (place / "initial.safetensors").write_bytes(m.checkpoint().to_bytes())

    yield case("of another network", other_network, ConfigError, "this folder holds another training")

    def folder_as(name):
        def change(place):
            (place / name).unlink()
            (place / name).mkdir()

        return change

    yield case("a folder as the result", folder_as("checkpoint.safetensors"), HetSynError, ".")
    yield case("a folder as the state", folder_as("resume.safetensors"), HetSynError, ".", without=unfinished)

    def file(folder):
        (folder / "run").write_text("thesis")
        return folder / "run"

    yield Case("fit", "a file as the folder", file, HetSynError, ".")
    yield Case("read_run", "the beginning is cut", _folder(_cut("initial.safetensors")), CheckpointError, "can't be read")
    yield Case("find_runs", "the result of a run is cut", _folder(_cut("checkpoint.safetensors")), CheckpointError, "can't be read")
    yield Case("find_runs", "the beginning of a run is cut", _folder(_cut("initial.safetensors")), CheckpointError, "can't be read")


def _kept():
    def kept(name, text):
        def spoil(folder):
            (folder / "kept").mkdir()
            (folder / "kept" / name).write_bytes(text if isinstance(text, bytes) else text.encode())
            return folder / "kept"

        return spoil

    row = {"case": {"model": "HetSynLIF"}, "seed": 0, "seconds": 1.0}
    of_studies = {
        "a row without a seed": [{k: v for k, v in row.items() if k != "seed"}],
        "a row without a case": [{k: v for k, v in row.items() if k != "case"}],
        "a row whose seconds are text": [row | {"seconds": "1 s"}],
        "a row that is a number": [1],
    }
    for how, text in (
        ("cut", '{"study": "dms", "rows": [{"case": {'),
        ("empty", ""),
        ("a list", "[]"),
        ("without rows", '{"study": "dms"}'),
        ("rows that are text", '{"rows": "none"}'),
        ("in Latin-1", '{"rows": "\xfc"}'.encode("latin-1")),
        ("levels without end", '{"rows": ' + "[" * 100_000),
    ):
        yield Case("run_studies", f"kept rows: {how}", kept("dms.json", text), DataError, "rows that were kept can't be read")
        yield Case("run_ladder", f"kept rows: {how}", kept("ladder.json", text), DataError, "rows that were kept can't be read")
    for how, rows in of_studies.items():
        yield Case("run_studies", f"kept rows: {how}", kept("dms.json", json.dumps({"rows": rows})), DataError, "rows that were kept")


KIND = "folders of runs and studies, damaged or of others"
CASES = [*_trainings(), *_kept()]
