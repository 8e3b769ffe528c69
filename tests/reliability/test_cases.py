"""Every malformed input of every table is refused as its case says."""

from __future__ import annotations

from collections import Counter

import pytest

from . import command_lines, cut_files, damaged_runs, hostile_archives, nir_files, odd_places, trials, wrong_headers, wrong_values
from .case import Case, hold
from .entries import ENTRIES

_TABLES = (cut_files, wrong_headers, wrong_values, nir_files, hostile_archives, odd_places, damaged_runs, trials, command_lines)
KINDS: dict[str, list[Case]] = {module.KIND: module.CASES for module in _TABLES}
CASES = [case for cases in KINDS.values() for case in cases]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_malformed_input_is_refused(case, tmp_path, monkeypatch):
    folder = tmp_path / "outer" / "inner"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    hold(case, ENTRIES[case.entry], folder)


def test_every_way_in_has_cases_and_every_case_a_name_of_its_own():
    assert {case.entry for case in CASES} == set(ENTRIES)
    assert [name for name, n in Counter(case.name for case in CASES).items() if n > 1] == []
    assert len(CASES) >= 150
