"""A step with delays beside one without, at toy size."""

from benchmarks.delays import MODELS, measure


def test_every_kind_of_delay_is_measured_beside_none():
    for recurrent in (False, True):
        times = measure(1, recurrent=recurrent, n_input=6, size=4, n_steps=20, n_batch=3)
        assert set(times) == set(MODELS)
        assert all(0.0 < milliseconds < 1e5 for milliseconds in times.values())
