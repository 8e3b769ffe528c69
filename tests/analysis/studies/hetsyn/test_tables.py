"""Tables and figures of the studies show whatever has been run. What tables say: tests/benchmarks/test_reproduced.py."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from analysis.studies.hetsyn import STUDIES
from hetsyn_sim.report.document import png_of

ROWS = Path(__file__).parents[4] / "benchmarks" / "results" / "reproduced"


def kept(name):
    return json.loads((ROWS / f"{name}.json").read_text(encoding="utf-8"))["rows"]


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("n_cases", [1, 3, 100])
def test_a_table_and_a_figure_show_what_there_is(name, n_cases):
    study = STUDIES[name]
    rows = [row for row in kept(name) if row["case"] in study.cases[:n_cases]]
    table, empty = list(study.lines(rows)), list(study.lines([]))
    assert len(table) >= len(empty)
    assert set(table) - set(empty)
    with Image.open(BytesIO(png_of(study.draw(rows)))) as image:
        assert image.size[1] == 494
        assert len(set(image.convert("L").getdata())) > 10


def test_each_protocol_of_sequential_mnist_has_a_row_of_its_own():
    first = kept("smnist")[0]
    published = {"model": "HetSynLIF", "scan": "pixel", "recipe": "published", "images": "all"}
    rows = [first, {**first, "case": published, "n_train": 60_000, "accuracy": 0.5}]
    text = "\n".join(STUDIES["smnist"].lines(rows))
    assert "| pixel, as published | HetSynLIF | 60,000 | 1 | 50.00 % |" in text
    assert "| pixel, best we can | HetSynLIF |  | not run |" in text
    assert png_of(STUDIES["smnist"].draw(rows))


def test_cases_are_plain_data_and_no_case_is_there_twice():
    for study in STUDIES.values():
        assert json.loads(json.dumps(study.cases)) == list(study.cases)
        assert len({json.dumps(case, sort_keys=True) for case in study.cases}) == len(study.cases)
