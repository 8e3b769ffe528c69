"""Recordings from lists, and what is said where they do not fit."""

import brian2 as b2
import numpy as np
import pytest

from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.errors import DataError, SpecError

from ..refusal import refused

GOOD = {"steps": [[0, 3], []], "units": [[1, 0], []], "dt": "2 ms", "n_channels": 2, "n_steps": [5, 5], "labels": [0, 1]}


def made(**changes):
    facts = GOOD | changes
    return SpikeDataset.from_lists(facts.pop("steps"), facts.pop("units"), **facts)


@pytest.mark.parametrize("dt", ["2 ms", 2 * b2.ms, 0.002])
def test_a_time_step_with_its_unit(dt):
    assert made(steps=[[0, 3], [1]], units=[[1, 0], [0]], dt=dt).dt == pytest.approx(0.002, rel=1e-15)


@pytest.mark.parametrize(
    ("changes", "error", "what", "remedy"),
    [
        ({"dt": "2 mV"}, SpecError, "unit", ""),
        ({"dt": "two"}, SpecError, "not a quantity", "number first"),
        ({"units": [[1, 0]]}, DataError, "steps and units do not fit together", "leave out recordings without spikes"),
        ({"steps": [[0.5, 3], []]}, DataError, "steps must be whole numbers", "round(time / dt)"),
        ({"units": [["a", "b"], []]}, DataError, "units must be whole numbers", "number the channels"),
        ({"labels": np.zeros(3, int)}, DataError, "not a label for each recording", "every recording a label"),
        ({"units": [[1], []]}, DataError, "steps and units do not fit together", "every spike one of the steps and a unit"),
    ],
)
def test_the_remedy_leads_somewhere(changes, error, what, remedy):
    with refused(error, what, remedy=remedy):
        made(**changes)
