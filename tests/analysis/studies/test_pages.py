"""Figures of studies: every study has one, and draws whatever of it has been run."""

import numpy as np
import pytest
from PIL import Image

from analysis.studies.hetsyn import STUDIES
from analysis.studies.hetsyn.robustness import DELETIONS, NOISES_HZ
from analysis.studies.pages import FIGURES, draw_study


def made_up(case, seed):
    rng = np.random.default_rng(seed)
    warp = sorted([float(x), 0.9] for x in rng.uniform(-0.5, 0.5, 20))
    grids = {"deletion": list(rng.random(len(DELETIONS))), "noise": list(rng.random(len(NOISES_HZ))), "warp": warp}
    return {"case": case, "seed": seed, "accuracy": rng.random(), "curve": list(rng.random(50)), **grids}


def test_every_study_has_a_figure():
    assert set(FIGURES) == set(STUDIES)


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("n_cases", [1, 100])
def test_a_figure_shows_what_there_is(name, n_cases, tmp_path):
    rows = [made_up(case, seed) for case in STUDIES[name].cases[:n_cases] for seed in range(2)]
    path = draw_study(name, rows, tmp_path / "figure.png")
    with Image.open(path) as image:
        assert image.size[1] == 494
        assert len(set(image.convert("L").getdata())) > 10
