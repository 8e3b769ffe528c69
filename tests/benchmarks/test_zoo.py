"""The gallery has every model of the zoo, and its script draws what it is asked for."""

import pytest

from benchmarks.zoo import main


def test_a_figure_is_drawn_by_name(tmp_path, capsys):
    assert main(["STLLIF", "stability", "--docs", str(tmp_path)]) == 0
    assert {path.name for path in (tmp_path / "_static").iterdir()} == {"zoo-stllif.png", "zoo-stability.png"}
    assert "zoo-stllif.png" in capsys.readouterr().out


def test_an_unknown_name_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["Perceptron", "--docs", str(tmp_path)])
    assert "not in the gallery: Perceptron; there are LIF" in capsys.readouterr().err
