"""The page on conductances is what its rows say."""

import json
from pathlib import Path

from analysis.studies.forecasting.study import LEARNING_RATES
from analysis.studies.forecasting.tables import best_rates, lines, tuning_lines

ROOT = Path(__file__).parents[4]


def rows_of(name):
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text(encoding="utf-8"))["rows"]


def test_learning_rates_are_those_that_validation_chose():
    assert best_rates(rows_of("forecast-tuning")) == LEARNING_RATES


def test_the_table_of_the_documentation_is_made_of_the_rows_that_are_kept():
    for name, of in (("forecast", lines), ("forecast-tuning", tuning_lines)):
        assert (ROOT / "docs" / "_generated" / f"{name}.md").read_text(encoding="utf-8") == "\n".join([*of(rows_of(name)), ""])
