"""The table of fits in the documentation is made from the result file, which says what it was measured with."""

import json
from pathlib import Path

from benchmarks.fitting import BOUNDS, lines

ROOT = Path(__file__).parents[2]
ROWS = json.loads((ROOT / "benchmarks/results/fitting.json").read_text(encoding="utf-8"))["rows"]


def test_the_documentation_has_the_table_of_these_results():
    assert [row["model"] for row in ROWS] == list(BOUNDS)
    assert all(row["unknowns"] == len(BOUNDS[row["model"]]) for row in ROWS)
    written = (ROOT / "docs/_generated/fitting.md").read_text(encoding="utf-8")
    assert written == "\n".join(lines(ROWS)) + "\n"


def test_a_search_that_did_not_get_there_is_not_said_to_have():
    row = ROWS[0] | {"evolution_held": {"found": False, "runs": 1234}}
    assert "not in 1,234" in list(lines([row]))[-1]
