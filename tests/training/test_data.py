import numpy as np
import pytest
import torch

from hetsyn_sim.errors import DataError, DtMismatchError
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training.augment import augment
from hetsyn_sim.training.data import Batches, Examples, check_fits, epoch_order
from hetsyn_sim.training.randomness import mixed_seed

from ..refusal import refused


def network(dt="10 ms", n_input=6, n_out=3):
    return NetworkSpec(dt=dt, n_input=n_input, layers=[Layer(HetSynLIF, 2)], readout=Layer(LeakyReadout, n_out))


def test_batches_hold_every_recording_once(data):
    examples = Examples.from_dataset(data)
    batches = list(Batches(examples, 16, order=lambda: epoch_order(60, seed=0, epoch=0)))
    assert [len(labels) for _, labels in batches] == [16, 16, 16, 12]
    assert all(x.dtype == torch.bool and x.shape[0] == 20 and x.shape[2] == 6 for x, _ in batches)
    order = epoch_order(60, seed=0, epoch=0)
    assert torch.equal(torch.cat([x for x, _ in batches], dim=1), examples.spikes[:, order])
    assert torch.equal(torch.cat([labels for _, labels in batches]), examples.labels[order])
    assert sorted(order.tolist()) == list(range(60))


def test_the_order_depends_on_seed_and_epoch_alone():
    torch.manual_seed(1)
    first = epoch_order(60, seed=3, epoch=5)
    torch.manual_seed(2)
    assert torch.equal(first, epoch_order(60, seed=3, epoch=5))
    assert not torch.equal(first, epoch_order(60, seed=3, epoch=6))
    assert not torch.equal(first, epoch_order(60, seed=4, epoch=5))


def test_window_cuts_and_fills_up(data):
    assert Examples.from_dataset(data, 5).spikes.shape == (5, 60, 6)
    longer = Examples.from_dataset(data, 30).spikes
    assert longer.shape == (30, 60, 6)
    assert not longer[20:].any()


def test_seeds_are_spread_and_stable():
    assert mixed_seed(0, "step", 1, 0) == mixed_seed(0, "step", 1, 0)
    assert len({mixed_seed(a, word, b) for a in range(10) for b in range(10) for word in ("order", "step")}) == 200
    assert 0 <= mixed_seed(0) < 2**63


@pytest.fixture
def x():
    return torch.rand(20, 50, 8, generator=torch.Generator().manual_seed(0)) < 0.3  # (time, batch, channel)


@pytest.mark.parametrize(("name", "axis", "shift"), [("time_shift", 0, 3), ("channel_shift", 1, 2)])
def test_a_shift_moves_each_recording_as_a_whole(x, name, axis, shift):
    torch.manual_seed(0)
    moved = augment(x, **{"time_shift": 0, "channel_shift": 0, "spike_dropout": 0.0, name: shift})
    found = set()
    for before, after in zip(x.unbind(1), moved.unbind(1), strict=True):  # each (time, channel)
        candidates = {}
        for by in range(-shift, shift + 1):
            expected = torch.zeros_like(before)
            n = before.shape[axis]
            expected.narrow(axis, max(by, 0), n - abs(by)).copy_(before.narrow(axis, max(-by, 0), n - abs(by)))
            candidates[by] = expected
        matching = [by for by, expected in candidates.items() if torch.equal(after, expected)]
        assert len(matching) == 1
        found |= set(matching)
    assert found == set(range(-shift, shift + 1))


def test_spike_dropout_only_removes_and_nothing_may_be_asked_for(x):
    assert augment(x, time_shift=0, channel_shift=0, spike_dropout=0.0) is x
    torch.manual_seed(1)  # another stream than that of x
    thinned = augment(x, time_shift=0, channel_shift=0, spike_dropout=0.25)
    assert not (thinned & ~x).any()
    assert np.isclose(float(thinned.sum() / x.sum()), 0.75, atol=0.03)


@pytest.mark.parametrize(
    ("changes", "part", "error", "what", "got", "remedy"),
    [
        ({"dt": "4 ms"}, "train", DtMismatchError, "the time steps differ", "", ""),
        ({"n_input": 7}, "train", DataError, "another number of channels", "6 channels", "build the network with n_input=6"),
        ({"n_out": 2}, "train", DataError, "the labels do not fit", "labels from 0 to 2", "one output (or trace) per label"),
        ({}, "test", DataError, "the labels do not fit", "no training recordings", "mark some as split 'train'"),
    ],
)
def test_data_that_do_not_fit(data, changes, part, error, what, got, remedy):
    check_fits(data, network())
    with refused(error, what, None, got, remedy=remedy):
        check_fits(getattr(data, part), network(**changes))
