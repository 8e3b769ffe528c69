from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.decoding import Decoder
from hetsyn_sim.errors import CheckpointError, DataError
from hetsyn_sim.training import LOSSES, get_loss
from hetsyn_sim.training.recipe import Recipe

OUT = np.array([[[3.0, 0.0]], [[0.0, 1.0]], [[0.0, 1.0]]])  # one run, two classes: the first is ahead, then the second


@given(
    arrays(np.float64, st.tuples(st.integers(3, 7), st.integers(1, 3), st.integers(1, 4)), elements=st.floats(-50, 50)),
    st.sampled_from([(name, {}) for name in LOSSES] + [("sum_of_softmax", {"burn_in": 2})]),
)
def test_every_loss_scores_as_its_decoder_does(out, choice):
    """Two routes: torch in training, NumPy everywhere else."""
    loss = get_loss(choice[0], **choice[1])
    assert np.allclose(loss.decoder.scores(out), loss.scores(torch.as_tensor(out)), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("decoder", "scores"),
    [
        (Decoder("last_step"), [0.0, 1.0]),
        (Decoder("sum_over_time"), [3.0, 2.0]),
        (Decoder("mean_over_time"), [1.0, 2 / 3]),
        (Decoder("sum_over_time", burn_in=1), [0.0, 2.0]),
        (Decoder(), [1 / (1 + np.exp(-3)) + 2 / (1 + np.e), 1 / (1 + np.exp(3)) + 2 / (1 + 1 / np.e)]),
    ],
)
def test_scores_by_hand(decoder, scores):
    assert np.allclose(decoder.scores(OUT), [scores], rtol=1e-15)


def test_a_checkpoint_keeps_its_decoder(toy_checkpoint, toy_data, tmp_path):
    told = replace(toy_checkpoint, decoder={"name": "last_step", "window": 7}, recipe={"training": {"window": 9}})
    read = Checkpoint.load(told.save(tmp_path / "checkpoint"))
    assert Decoder.of(read) == Decoder("last_step", window=7)
    assert Decoder.of(read).length(toy_data) == 7
    assert Decoder.of(toy_checkpoint) == Decoder()
    assert Decoder.of(toy_checkpoint).length(toy_data) == 12


@pytest.mark.parametrize("loss", [{"name": name} for name in LOSSES] + [{"name": "sum_of_softmax", "burn_in": 3}])
def test_without_one_it_is_that_of_the_recipe(toy_checkpoint, loss):
    recipe = Recipe.from_dict({"training": {"loss": loss, "window": 7}})
    old = replace(toy_checkpoint, recipe=recipe.to_dict() | {"told by": "another program"})
    assert Decoder.of(old) == replace(recipe.training.loss.make().decoder, window=7)


@pytest.mark.parametrize(
    ("decoder", "message"),
    [
        ({"name": "first_step"}, "unknown decoder"),
        ({"name": "last_step", "burnin": 1}, "unknown setting of a decoder"),
        ({"burn_in": -1}, "number of steps"),
        ({"burn_in": True}, "number of steps"),
        ({"window": 0}, "number of steps"),
    ],
)
def test_a_decoder_that_is_none(toy_checkpoint, decoder, message):
    with pytest.raises(CheckpointError, match=message):
        replace(toy_checkpoint, decoder=decoder)


def test_a_burn_in_that_leaves_nothing():
    with pytest.raises(DataError, match="the burn-in leaves no step") as excinfo:
        Decoder(burn_in=3).scores(OUT)
    assert excinfo.value.got == "burn_in = 3 of 3 steps"
