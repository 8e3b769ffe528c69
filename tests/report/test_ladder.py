"""The ladder's table, page and figures, from rows made by hand."""

import numpy as np
from PIL import Image

from hetsyn_sim.ladder import Row
from hetsyn_sim.report import ladder_table, write_ladder


def row(number, name, strength, seed, accuracy, v_rms=0.1):
    return Row(number, name, "deviation", "mV", strength, seed, accuracy, 0.9, 0.25, 3.0, v_rms, 100, 1.5)


ROWS = [row(0, "same grid", 0.0, 0, 1.0, 0.0), *(row(6, "noise", s, k, 0.9 - s - 0.02 * k) for s in (0.1, 0.4) for k in range(2))]


def test_means_over_seeds_and_their_spread():
    ground, weak, strong = ladder_table(ROWS)
    assert ground == ["0 same grid", "", "1", "100.0 %", "90.0 %", "0.250", "3.00", "0.0 %"]
    spread = np.std([80.0, 78.0], ddof=1)
    assert weak == ["6 noise", "deviation 0.1 mV", "2", f"79.0 ± {spread:.1f} %", "90.0 %", "0.250", "3.00", "10.0 %"]
    assert strong[1] == "deviation 0.4 mV"
    assert ladder_table([row(0, "same grid", 0.0, 0, 1.0, None)])[0][-1] == ""  # no readout, no error


def test_page_and_figures(tmp_path, toy_checkpoint):
    page = write_ladder(tmp_path / "deep", ROWS, toy_checkpoint)
    assert page == tmp_path / "deep" / "ladder.html"
    text = page.read_text()
    assert "79.0 ± 1.4 %" in text
    assert "dt = 10 ms" in text
    assert "deviation 0.1 mV" in (tmp_path / "deep" / "ladder.md").read_text()
    for name in ("ladder.png", "rungs.png"):
        pixels = np.asarray(Image.open(tmp_path / "deep" / name).convert("L"))
        assert pixels.std() > 5.0  # something is drawn
    before = page.read_bytes()
    for rows in (ROWS[:1], ROWS[1:]):  # a part of the ladder is a page too
        assert write_ladder(tmp_path / "deep", rows, toy_checkpoint).read_bytes() != before
    write_ladder(tmp_path / "deep", ROWS, toy_checkpoint)
    assert page.read_bytes() == before
