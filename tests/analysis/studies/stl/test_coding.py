"""Images as spikes: statistics, seeds, disturbances of their size. Decisions: sums, votes, ties, members of one population."""

import numpy as np
import pytest

from analysis.studies.stl.coding import bernoulli, pixels_of, with_deleted_spikes, with_gaussian_noise, with_salt_and_pepper
from analysis.studies.stl.decision import decide, sub_populations


def test_a_pixel_is_the_probability_of_a_spike():
    grey = np.linspace(0, 1, 6, dtype=np.float32)
    pixels = np.broadcast_to(grey, (500, 1, 4, 6))
    rates = bernoulli(pixels, 10, 0).mean(axis=(0, 1, 2, 3))
    assert (rates[0], rates[-1]) == (0.0, 1.0)  # black never, white always
    sd = np.sqrt(grey * (1 - grey) / (500 * 4 * 10))
    assert np.all(np.abs(rates - grey) <= 5 * sd)


def test_steps_are_drawn_anew_and_images_too():
    x = bernoulli(np.full((2, 1, 20, 20), 0.5, dtype=np.float32), 2, 0)
    flat = x.reshape(4, -1)
    assert all(0.3 < np.mean(flat[k] != flat[m]) < 0.7 for k in range(4) for m in range(k))


def test_the_same_seed_gives_the_same_spikes_in_pieces_too():
    pixels = np.random.default_rng(0).random((7, 2, 5, 3), dtype=np.float32)
    whole = bernoulli(pixels, 4, 3)
    assert whole.shape == (4, 7, 2, 5, 3)
    rng = np.random.default_rng(3)
    assert np.array_equal(np.concatenate([bernoulli(part, 4, rng) for part in np.split(pixels, [2, 3])], axis=1), whole)
    assert not np.array_equal(bernoulli(pixels, 4, 4), whole)


def test_grey_values_become_probabilities():
    pixels = pixels_of(np.array([[[0, 51, 255]]], dtype=np.uint8))
    assert (pixels.shape, pixels.dtype) == ((1, 1, 1, 3), np.float32)
    assert pixels.ravel() == pytest.approx([0.0, 0.2, 1.0])


def test_disturbances_have_the_size_that_is_asked_for():
    pixels = np.full((50, 1, 20, 20), 0.5, dtype=np.float32)
    salted = with_salt_and_pepper(pixels, 0.3, 0)
    assert np.mean(salted != 0.5) == pytest.approx(0.3, abs=5 * np.sqrt(0.21 / 20000))
    assert np.mean(salted == 1.0) == pytest.approx(0.15, abs=5 * np.sqrt(0.13 / 20000))
    noisy = with_gaussian_noise(pixels, 0.1, 0)
    assert noisy.std() == pytest.approx(0.1, rel=0.05)
    assert np.all((with_gaussian_noise(pixels, 3.0, 0) >= 0) & (with_gaussian_noise(pixels, 3.0, 0) <= 1))
    spikes = np.ones((4, 50, 1, 20, 20), dtype=np.bool_)
    assert with_deleted_spikes(spikes, 0.3, 0).mean() == pytest.approx(0.7, abs=5 * np.sqrt(0.21 / 80000))
    for same, of in ((with_salt_and_pepper(pixels, 0.0, 0), pixels), (with_gaussian_noise(pixels, 0.0, 0), pixels)):
        assert np.array_equal(same, of)
    assert not with_deleted_spikes(~spikes, 0.0, 0).any()  # nothing is added


#: Two members are a little for class 0, one is very much for class 1.
DIVIDED = np.array([[[0.4, 0.3, 0.0]], [[0.4, 0.3, 0.0]], [[0.0, 1.0, 0.0]]])


def test_a_sum_hears_how_much_and_a_vote_how_many_where_a_tie_goes_to_the_higher_sum():
    assert list(decide(DIVIDED, "sum")) == [1]
    assert list(decide(DIVIDED, "vote")) == [0]
    assert list(decide(DIVIDED[1:], "vote")) == [1]

    # class 2 has the highest sum but no vote
    rates = np.array([[[0.5, 0.0, 0.45]], [[0.0, 0.6, 0.55]]])
    assert list(decide(rates, "vote")) == [1]


def test_sub_populations_are_the_voters_divided():
    votes = np.random.default_rng(0).random((7, 3, 6))  # (image, class, voter)
    members = sub_populations(votes, 3)
    assert members.shape == (3, 7, 3)
    assert np.allclose(members[1], votes[:, :, 2:4].mean(axis=-1))
    assert np.array_equal(decide(members), votes.mean(axis=-1).argmax(axis=1))  # their sum is the network's own decision
