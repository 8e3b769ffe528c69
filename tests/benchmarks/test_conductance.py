"""The figures of the conductance neuron are drawn, and are those of its page."""

from pathlib import Path

from PIL import Image

from benchmarks import conductance

DOCS = Path(__file__).parents[2] / "docs"


def test_the_neuron_is_drawn_to_files(tmp_path, monkeypatch, capsys):
    simulate = conductance.simulate_regimes
    monkeypatch.setattr(conductance, "simulate_regimes", lambda: simulate(2200.0))
    assert conductance.main(["--docs", str(tmp_path)]) == 0
    paths = [Path(line) for line in capsys.readouterr().out.split()]
    assert len(paths) == 3
    for path in paths:
        assert f"(_static/{path.name})" in (DOCS / "conductance.md").read_text(encoding="utf-8")
        with Image.open(path) as image:
            assert image.size[0] > 1000
            assert len(set(image.convert("L").getdata())) > 10
