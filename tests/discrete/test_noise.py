"""Numbers that are counted: Philox as it is published, the same number wherever it is asked for, and a normal law."""

import numpy as np
import pytest
from scipy import stats

from hetsyn_sim.discrete import noise
from hetsyn_sim.discrete.noise import LARGEST, check_seed, levels_of_events, numbers_of_events, philox, standard_normal, stream_of
from hetsyn_sim.discrete.reference_stepped import _counted_normal, _levels
from hetsyn_sim.errors import DataError
from tests.refusal import refused

#: Of the authors' file kat_vectors (Random123): counter, key, result of philox4x32 with 10 rounds.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0), (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_philox_is_the_published_one(counter, key, expected):
    found = philox([np.uint64(word) for word in counter], [np.uint64(word) for word in key])
    assert tuple(map(int, found)) == expected


def test_a_number_is_the_same_however_it_is_asked_for(monkeypatch):
    steps, recordings, neurons = np.arange(40)[:, None, None], np.arange(5)[:, None], np.arange(7)
    whole = standard_normal(3, recordings, steps, 11, neurons)
    monkeypatch.setattr(noise, "_AT_ONCE", 32)
    np.testing.assert_array_equal(whole, standard_normal(3, recordings, steps, 11, neurons))
    np.testing.assert_array_equal(whole[:, ::-1], standard_normal(3, recordings[::-1], steps, 11, neurons))
    assert float(standard_normal(3, 4, 39, 11, 6)) == whole[39, 4, 6]


@pytest.mark.parametrize(("n", "p"), [(100, 0.002), (1, 0.3), (1000, 0.04), (5, 1.0), (3, 0.0), (40, 0.9)])
def test_a_normal_number_becomes_a_binomial_one(n, p):
    """Exactly: the chance that a normal number lies above a level is that of more events."""
    levels = np.array(levels_of_events(n, p))
    np.testing.assert_allclose(stats.norm.sf(levels), stats.binom.sf(np.arange(len(levels)), n, p), rtol=1e-12)
    assert stats.binom.sf(len(levels), n, p) < 1e-17
    np.testing.assert_allclose(_levels(n, p), levels, rtol=1e-9)
    between = 0.5 * (levels[1:] + levels[:-1]) if p < 1.0 else np.zeros(0)
    assert numbers_of_events(between, n, p).tolist() == [*range(1, len(levels))][: len(between)]
    assert numbers_of_events(np.array([9.0]), n, p).tolist() == [len(levels)]


def test_the_reference_counts_the_same_numbers():
    rng = np.random.default_rng(0)
    places = [rng.integers(0, most, 200) for most in (2**31, 1000, 2**32, 2**31, 5000)]  # seed, recording, step, stream, neuron
    expected = [
        _counted_normal(int(step), int(neuron), int(run), int(stream), int(seed))
        for seed, run, step, stream, neuron in zip(*places, strict=True)
    ]
    np.testing.assert_allclose(standard_normal(*places), expected, rtol=0, atol=1e-15 * LARGEST * 16)


def test_each_place_has_a_number_of_its_own():
    base = {"seed": 1, "recording": 2, "step": 3, "stream": 4, "neuron": 5}
    found = {float(standard_normal(**{**base, name: value + 1})) for name, value in base.items()} | {float(standard_normal(**base))}
    assert len(found) == 6
    assert stream_of("layer_1", "xi") != stream_of("layer_2", "xi") != stream_of("layer_1", "xi_1")


def test_the_numbers_are_normal():
    """A fixed sample; of independent numbers, one in a hundred samples would fail each."""
    x = standard_normal(0, np.arange(10)[:, None], np.arange(200)[:, None, None], 0, np.arange(50))
    assert stats.kstest(x.ravel(), "norm").pvalue > 0.01
    for axis in range(3):  # neighbours along time, recordings, neurons
        a, b = (np.take(x, range(k, x.shape[axis] - 1 + k), axis=axis).ravel() for k in (0, 1))
        assert abs(np.corrcoef(a, b)[0, 1]) < stats.norm.ppf(0.995) / np.sqrt(a.size)


@pytest.mark.parametrize("seed", [-1, 2**31, 0.5, True, "0"])
def test_no_seed(seed):
    with refused(DataError, "no seed for noise", "here", repr(seed), "0 to 2147483647", "choose another seed"):
        check_seed(seed, where="here")
