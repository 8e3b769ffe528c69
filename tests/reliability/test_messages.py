"""No error of ours is raised without one of its five parts."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from hetsyn_sim import errors

ROOT = Path(__file__).parents[2]
ERRORS = {name for name in dir(errors) if name.endswith("Error")}
#: Where the caller adds the place (``hetsyn_sim.spec.grammar.guard.at``, ``read_yaml``), because checked texts are cached by their text.
PLACED_LATER = {"hetsyn_sim/spec/grammar/guard.py", "hetsyn_sim/spec/grammar/lines.py", "hetsyn_sim/spec/grammar/text.py"}


@pytest.mark.parametrize("package", ["hetsyn_sim", "analysis"])
def test_every_error_is_given_all_of_its_parts(package):
    found, incomplete = 0, []
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS):
                continue
            found += 1
            given = {keyword.arg for keyword in node.keywords}
            name = path.relative_to(ROOT).as_posix()
            needed = {"where", "got", "expected", "remedy"} - ({"where"} if name in PLACED_LATER else set())
            if None not in given and (missing := needed - given):  # ** brings what can't be seen from here
                incomplete.append(f"{name}:{node.lineno} without {', '.join(sorted(missing))}")
    assert found > 10
    assert incomplete == []
