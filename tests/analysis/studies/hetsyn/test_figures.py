"""Figures of studies: every study has one, and draws whatever of it has been run."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from analysis.studies.hetsyn import STUDIES
from analysis.studies.hetsyn.robustness import DELETIONS, NOISES_HZ
from hetsyn_sim.report.document import png_of


def made_up(case, seed):
    rng = np.random.default_rng(seed)
    warp = sorted([float(x), 0.9] for x in rng.uniform(-0.5, 0.5, 20))
    grids = {"deletion": list(rng.random(len(DELETIONS))), "noise": list(rng.random(len(NOISES_HZ))), "warp": warp}
    return {"case": case, "seed": seed, "accuracy": rng.random(), "curve": list(rng.random(50)), **grids}


@pytest.mark.parametrize("name", STUDIES)
@pytest.mark.parametrize("n_cases", [1, 100])
def test_a_figure_shows_what_there_is(name, n_cases):
    study = STUDIES[name]
    rows = [made_up(case, seed) for case in study.cases[:n_cases] for seed in range(2)]
    with Image.open(BytesIO(png_of(study.draw(rows)))) as image:
        assert image.size[1] == 494
        assert len(set(image.convert("L").getdata())) > 10
