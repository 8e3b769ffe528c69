"""The command for machines with a GPU, tried on the CPU at small sizes: its parts run, and it says what it has found."""

import json

import pytest
import torch

from benchmarks import gpu, gpu_parts
from benchmarks.gpu_parts import PARTS, Where

SMALL = ["--device", "cpu", "--small"]
needs_no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU: run make gpu")


@needs_no_gpu
def test_without_a_gpu_it_says_so_in_one_line_with_a_code_of_its_own(capsys, tmp_path):
    assert gpu.main(["--json", str(tmp_path / "gpu.json")]) == gpu.NO_GPU
    assert capsys.readouterr().err == "there is no GPU here (torch.cuda.is_available() is false): nothing was run\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("part", ["kernels", "training", "end-to-end"])
def test_a_part_runs_and_what_it_promises_holds(part, tmp_path):
    path, page = tmp_path / "gpu.json", tmp_path / "gpu.md"
    assert gpu.main([*SMALL, "--parts", part, "--json", str(path), "--markdown", str(page)]) == 0
    rows = json.loads(path.read_text())["rows"]
    assert {row["part"] for row in rows} == {part}
    assert all("failed" not in row["numbers"] for row in rows)
    assert ("holds" in page.read_text()) == (part == "kernels")


def test_recordings_on_the_reference_and_sanitizers_run_their_commands(monkeypatch):
    asked = []
    monkeypatch.setattr(gpu_parts.subprocess, "run", lambda command, **options: asked.append(command) or Done())
    found = {what: holds for part in ("brian2", "sanitizers") for what, _, holds in PARTS[part](Where("cpu", small=True))}
    assert all(found.values()), found
    assert [command[2] for command in asked] == ["pytest", "benchmarks.gpu", "benchmarks.gpu"]


class Done:
    """A program that found one test and no error."""

    stdout, stderr, returncode = "1 passed in 3 s\n========= ERROR SUMMARY: 0 errors", "", 0


def test_an_error_beyond_what_is_allowed_does_not_hold(monkeypatch, capsys):
    exact = gpu_parts.exponential_filter
    monkeypatch.setattr(gpu_parts, "exponential_filter", lambda x, w, rho: exact(x, w, rho) * (1 + 1e-3 * (x.dtype == torch.float32)))
    assert gpu.main([*SMALL, "--parts", "kernels"]) == 1
    assert "DOES NOT HOLD" in capsys.readouterr().out


def test_rows_of_a_part_replace_those_that_were_there(tmp_path, monkeypatch):
    path = tmp_path / "gpu.json"
    others = [{"part": "kernels", "device": "another GPU", "what": "w", "numbers": {"ms": 1.0}, "holds": None}]
    path.write_text(json.dumps({"rows": others}))
    monkeypatch.setattr(gpu, "PARTS", {**PARTS, "kernels": lambda where: iter([("w", {"ms": 2.0}, False)])})
    for _ in range(2):
        assert gpu.run(["kernels"], Where("cpu"), path, None) == 1
    rows = json.loads(path.read_text())["rows"]
    assert [row["numbers"]["ms"] for row in rows] == [1.0, 2.0]
    text = "\n".join(gpu.lines({"rows": rows}))
    assert "Run on: another GPU." in text
    assert "**does not hold**" in text
    assert "\n".join(gpu.lines({"rows": []})) == gpu.NOT_RUN
