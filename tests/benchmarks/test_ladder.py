"""The page about the ladder: tables from rows, and a run at toy size that goes on where it stopped."""

import json
from dataclasses import replace

from benchmarks import ladder
from benchmarks.ladder import CASES, ladder_lines
from hetsyn_sim.ladder import RUNGS, Row, run_ladder


def test_the_tables_say_what_the_rows_say():
    row = Row(6, "noise", "deviation", "thresholds", 0.5, 0, 0.75, 0.8, 0.5, 3.0, 0.25, 10, 1.0)
    assert list(ladder_lines([row]))[2:] == ["| 6 noise | deviation 0.5 thresholds | 1 | 75.0 % | 80.0 % | 0.500 | 3.00 | 25.0 % |"]


def test_a_benchmark_that_was_stopped_goes_on(toy_checkpoint, toy_data, tmp_path, monkeypatch, capsys):
    told = {"training": {"batch_size": 3, "validation": "none", "num_threads": 1}}
    replace(toy_checkpoint, recipe=told).save(tmp_path / "checkpoint.safetensors")
    monkeypatch.setattr(ladder, "spoken_digits", lambda: toy_data)
    monkeypatch.setattr(ladder, "CASES", CASES[:1])
    monkeypatch.setattr(ladder, "SEEDS", (0, 1))
    monkeypatch.setattr(ladder, "EPOCHS", 1)
    monkeypatch.setattr(ladder, "run_ladder", lambda *a, **k: run_ladder(*a, RUNGS[:1], **k))
    arguments = [str(tmp_path), "--results", str(tmp_path / "results"), "--docs", str(tmp_path / "docs"), "--device", "numpy"]
    (tmp_path / "docs" / "_static").mkdir(parents=True)
    assert ladder.main(arguments) == 0
    rows = json.loads((tmp_path / "results" / "finetuning.json").read_text())["rows"]
    assert [row["seed"] for row in rows] == [0, 1]
    assert "physical units" in (tmp_path / "docs" / "_generated" / "ladder.md").read_text()
    assert (tmp_path / "docs" / "_static" / "ladder.png").is_file()
    (tmp_path / "results" / "finetuning.json").write_text(json.dumps({"rows": rows[:1]}))
    capsys.readouterr()
    assert ladder.main(arguments) == 0
    assert capsys.readouterr().out.count("'seed': 1") == 1
    assert json.loads((tmp_path / "results" / "finetuning.json").read_text())["rows"] == rows
    assert ladder.main([str(tmp_path / "nothing")]) == 2
