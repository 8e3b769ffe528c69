"""Every figure of the documentation is made by code in this repository, and the pages' names for them are those of the code."""

from fnmatch import fnmatch
from importlib.util import find_spec

from benchmarks.pictures import MADE_BY, OF_THE_DEMO, OF_THE_STUDIES, copy_those_of_the_demo, draw_those_of_the_studies, main

from ..docs.documents import ROOT

FIGURES = sorted((ROOT / "docs" / "_static").iterdir())
# Drawings of ideas: text that was written by hand, and that is its own source.
DRAWINGS = {"layers.svg", "rooms.svg", "step-order.svg"}


def test_a_command_makes_every_figure():
    for figure in FIGURES:
        if figure.name not in DRAWINGS:
            assert [pattern for pattern in MADE_BY if fnmatch(figure.name, pattern)], f"{figure.name}: which code draws it?"
    assert all(any(fnmatch(figure.name, pattern) for figure in FIGURES) for pattern in MADE_BY)
    assert all(find_spec(command.split()[-1]) for command in MADE_BY.values())


def test_those_of_the_studies_are_drawn_from_the_kept_rows(tmp_path):
    (tmp_path / "_static").mkdir()
    drawn = draw_those_of_the_studies(ROOT / "benchmarks" / "results", tmp_path)
    assert [path.read_bytes()[:4] for path in drawn] == [b"\x89PNG"] * len(OF_THE_STUDIES)
    again = [path.read_bytes() for path in drawn]
    main(["--docs", str(tmp_path)])
    assert [path.read_bytes() for path in drawn] == again  # equal rows make equal figures


def test_those_of_the_demo_get_the_names_of_the_pages(tmp_path):
    docs, folder = tmp_path / "docs", tmp_path / "demo"
    (docs / "_static").mkdir(parents=True)
    for k, source in enumerate(OF_THE_DEMO.values()):
        (folder / source).parent.mkdir(parents=True, exist_ok=True)
        (folder / source).write_bytes(bytes([k]))
    copied = copy_those_of_the_demo(folder, docs)
    assert {path.name: path.read_bytes()[0] for path in copied} == {name: k for k, name in enumerate(OF_THE_DEMO)}
