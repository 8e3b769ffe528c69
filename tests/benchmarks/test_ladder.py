"""The page about the ladder: tables from rows, and a run at toy size that goes on where it stopped."""

import json
from dataclasses import asdict, replace

import numpy as np
from scipy import stats

from benchmarks import ladder
from benchmarks.ladder import CASES, ladder_lines
from hetsyn_sim.ladder import RUNGS, Row, run_ladder


def row(name, strength, right, number=6, seed=0, distance=0.5):
    facts = ("deviation", "thresholds") if number else ("", "")
    return Row(number, name, *facts, strength, seed, np.mean(right), 0.8, distance, 3.0, 0.25, 10, 1.0, np.packbits(right).tobytes().hex())


ALL, NONE = [True] * 4, [False] * 4


def test_the_tables_compare_networks_in_pairs():
    """Two networks: the finer grid loses one recording of four in one, noise on top of it three in each; two seeds are one number."""
    networks = [
        [row("same grid", 0.0, ALL, 0), row("refined dt", 10.0, ALL, 2), *(row("noise", 0.5, [True, *NONE[1:]], seed=k) for k in (0, 1))],
        [row("same grid", 0.0, ALL, 0), row("refined dt", 10.0, [False, *ALL[1:]], 2), row("noise", 0.5, NONE)],
    ]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in list(ladder_lines(networks))[2:]]
    half = stats.t.ppf(0.975, 1) * 12.5  # of 100 and 75 %, and of 25 and 0 %
    assert lines[0] == ["0 same grid", "", "100.0 ± 0.0", "", "", "", "0.500", "3.00"]
    assert lines[1][2:6] == [f"87.5 ± {half:.1f}", f"-12.5 ± {half:.1f}", "", "1, 0 (1.000)"]
    assert lines[2][1:6] == ["deviation 0.5 thresholds", f"12.5 ± {half:.1f}", f"-87.5 ± {half:.1f}", "-75.0 ± 0.0", "6, 0 (0.031)"]
    found = {"rows": [{"network": k, **asdict(row)} for k, rows in enumerate(networks) for row in rows]}
    assert ladder.read_networks(json.loads(json.dumps(found))) == networks


def test_mcnemar_counts_recordings_that_one_of_two_has_right():
    """By SciPy's binomial distribution: 1 of 9 discordant ones or fewer, on either side."""
    one = row("refined dt", 10.0, [True] * 8 + [False] * 9)
    other = row("noise", 0.5, [False] * 8 + [True] + [False] * 8)
    assert ladder.mcnemar([(one, other)]) == f"8, 1 ({2 * stats.binom.cdf(1, 9, 0.5):.3f})"
    assert ladder.mcnemar([(one, one)]) == "0, 0 (1.000)"
    assert ladder.mcnemar([(one, other)] * 2).startswith("16, 2 (0.001")


def test_a_benchmark_that_was_stopped_goes_on(toy_checkpoint, toy_data, tmp_path, monkeypatch, capsys):
    told = {"training": {"batch_size": 3, "validation": "none", "num_threads": 1}}
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        replace(toy_checkpoint, recipe=told).save(folder / "checkpoint.safetensors")
    monkeypatch.setattr(ladder, "spoken_digits", lambda: toy_data)
    monkeypatch.setattr(ladder, "CASES", [(*CASES[0][:4], 1, 0.1)])
    climb = replace(RUNGS[-1], strengths=(1, 2))
    monkeypatch.setattr(ladder, "run_ladder", lambda *a, **k: run_ladder(*a, [RUNGS[0], climb], **k))
    monkeypatch.setattr(ladder, "_SEEDS", (0,))
    arguments = [*map(str, folders), "--results", str(tmp_path / "results"), "--docs", str(tmp_path / "docs"), "--device", "numpy"]
    (tmp_path / "docs" / "_static").mkdir(parents=True)
    assert ladder.main(arguments) == 0
    rows = json.loads((tmp_path / "results" / "finetuning.json").read_text())["rows"]
    assert [row["network"] for row in rows] == [0, 1]
    assert len(json.loads((tmp_path / "results" / "ladder.json").read_text())["rows"]) == 2 * 4
    page = (tmp_path / "docs" / "_generated" / "ladder.md").read_text()
    assert "| 1 physical units | threshold 15 mV |" in page
    assert "| 7 climb | + steps of 1 ms |" in page
    for name in ("ladder.png", "climb.png"):
        assert (tmp_path / "docs" / "_static" / name).is_file()
    (tmp_path / "results" / "finetuning.json").write_text(json.dumps({"rows": rows[:1]}))
    capsys.readouterr()
    assert ladder.main(arguments) == 0
    assert capsys.readouterr().out.count("'network': 1") == 1
    assert json.loads((tmp_path / "results" / "finetuning.json").read_text())["rows"] == rows
    assert ladder.main([str(tmp_path / "nothing")]) == 2
