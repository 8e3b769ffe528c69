"""The gallery has every model of the zoo, and its script draws what it is asked for."""

from pathlib import Path

import pytest

from benchmarks.zoo import SHOWN, main
from hetsyn_sim.models import ZOO

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", ZOO)
def test_every_model_has_a_small_figure_on_the_page(name):
    assert name in SHOWN
    figure = f"_static/zoo-{name.lower()}.png"
    assert f"({figure})" in (DOCS / "zoo.md").read_text(encoding="utf-8")
    assert (DOCS / figure).stat().st_size < 60_000


def test_a_figure_is_drawn_by_name(tmp_path, capsys):
    assert main(["STLLIF", "stability", "--docs", str(tmp_path)]) == 0
    assert {path.name for path in (tmp_path / "_static").iterdir()} == {"zoo-stllif.png", "zoo-stability.png"}
    assert "zoo-stllif.png" in capsys.readouterr().out


def test_an_unknown_name_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["Perceptron", "--docs", str(tmp_path)])
    assert "not in the gallery: Perceptron; there are LIF" in capsys.readouterr().err
