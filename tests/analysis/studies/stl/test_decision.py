"""Deciding together: sums, votes, ties, and members that are parts of one population."""

import numpy as np
import pytest

from analysis.studies.stl.decision import decide, sub_populations
from hetsyn_sim.errors import DataError, UnknownNameError

#: Two members are a little for class 0, one is very much for class 1.
DIVIDED = np.array([[[0.4, 0.3, 0.0]], [[0.4, 0.3, 0.0]], [[0.0, 1.0, 0.0]]])


def test_a_sum_hears_how_much_and_a_vote_how_many():
    assert list(decide(DIVIDED, "sum")) == [1]
    assert list(decide(DIVIDED, "vote")) == [0]


def test_a_tied_vote_goes_to_the_higher_sum():
    assert list(decide(DIVIDED[1:], "vote")) == [1]
    # class 2 has the highest sum but no vote
    rates = np.array([[[0.5, 0.0, 0.45]], [[0.0, 0.6, 0.55]]])
    assert list(decide(rates, "vote")) == [1]


def test_one_member_decides_alone():
    rates = np.random.default_rng(0).random((1, 20, 5))
    for rule in ("sum", "vote"):
        assert np.array_equal(decide(rates, rule), rates[0].argmax(axis=1))


def test_sub_populations_are_the_voters_divided():
    votes = np.random.default_rng(0).random((7, 3, 6))  # (image, class, voter)
    members = sub_populations(votes, 3)
    assert members.shape == (3, 7, 3)
    assert np.allclose(members[1], votes[:, :, 2:4].mean(axis=-1))
    assert np.array_equal(decide(members), votes.mean(axis=-1).argmax(axis=1))  # their sum is the network's own decision


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: decide(DIVIDED, "median"), UnknownNameError, "unknown rule"),
        (lambda: decide(DIVIDED[0]), DataError, "nothing can be decided"),
        (lambda: decide(DIVIDED[:0]), DataError, "at least one member"),
        (lambda: decide(DIVIDED * np.nan), DataError, "finite"),
        (lambda: sub_populations(np.zeros((2, 3, 6)), 4), DataError, "can't be divided"),
        (lambda: sub_populations(np.zeros((2, 3, 6)), 0), DataError, "can't be divided"),
    ],
)
def test_what_can_not_decide_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
