"""Whatever moment a process is killed at: every file is whole or absent, and the next run sweeps, goes on, and ends with the same bytes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from .killed import LEAST

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("what", LEAST)
def test_a_process_that_is_killed_leaves_nothing_half_done(what, process, tmp_path):
    command = [sys.executable, "-m", "tests.reliability.killed", what, str(tmp_path), "0"]
    counts = json.loads(process(command, cwd=ROOT, timeout=800).stdout)
    assert set(counts) == set(LEAST[what])
    assert all(counts[how] >= least for how, least in LEAST[what].items()), counts
