"""Rasters and spike lists are the same thing twice; a recording's arrays share their axes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hetsyn_sim.data.recording import Recording, check_same_dt, raster_to_spikes, spikes_to_raster
from hetsyn_sim.errors import DataError, DtMismatchError

from ..refusal import refused

DT = 0.004


def raster_of(times, units, n_steps=5, n_units=3, dt=DT):
    units = np.array(units) if len(units) else np.zeros(0, int)
    return spikes_to_raster(np.array(times, dtype=float), units, dt=dt, n_steps=n_steps, n_units=n_units, where="list")


@pytest.mark.parametrize(
    ("times", "units", "cells"),
    [
        ([2 * DT], [1], [(2, 1)]),
        ([], [], []),
        ([0.0, 4 * DT], [0, 2], [(0, 0), (4, 2)]),
        ([1.991 * DT, 3.009 * DT], [0, 0], [(2, 0), (3, 0)]),  # off by less than 1 % of dt
    ],
)
def test_every_spike_sets_its_cell(times, units, cells):
    raster = raster_of(times, units)
    assert (raster.dtype, raster.shape) == (bool, (5, 3))
    assert [tuple(cell) for cell in np.argwhere(raster)] == cells


# Grids of 1000 steps: step * dt carries a relative error of 2^-53, which rounding undoes long before 1 % of a step.
@given(
    arrays(bool, st.tuples(st.integers(1, 1000), st.integers(1, 3))),
    st.sampled_from([1e-4, 1e-3, DT, 0.01, 1 / 3]),
    st.randoms(use_true_random=False),
)
def test_a_raster_survives_the_way_to_spikes_and_back(raster, dt, random):
    times, units = raster_to_spikes(raster, dt)
    assert times.dtype == np.float64
    assert units.dtype == np.int64
    assert np.all(np.diff(times) >= 0)
    order = list(range(times.size))
    random.shuffle(order)  # the order of a list carries nothing
    back = spikes_to_raster(times[order], units[order], dt=dt, n_steps=raster.shape[0], n_units=raster.shape[1])
    np.testing.assert_array_equal(back, raster)


@pytest.mark.parametrize(
    ("times", "units", "what", "got", "remedy"),
    [
        ([DT], [0, 1], "two lists of the same length", "shapes (1,) and (2,)", "one unit for every spike time"),
        ([[DT]], [[0]], "two lists of the same length", "shapes (1, 1) and (1, 1)", "one unit for every spike time"),
        ([DT, np.nan], [0, 1], "not finite", "1 of 2 times", "remove those spikes"),
        ([np.inf], [0], "not finite", "1 of 1 times", "remove those spikes"),
        ([DT, 2.011 * DT], [0, 1], "not on the grid", "at spike 1", "bin the spikes first"),
        ([5 * DT], [0], "time is out of range", "0.02 s (step 5) at spike 0", "cut the recording"),
        ([-DT], [0], "time is out of range", "-0.004 s (step -1)", "cut the recording"),
        ([DT, DT], [0, 3], "unit is out of range", "3 at spike 1", "true length and number of channels"),
        ([DT], [-1], "unit is out of range", "-1 at spike 0", "true length and number of channels"),
        ([DT, 3 * DT, DT], [2, 0, 2], "spikes twice in one step", "unit 2, step 1", "np.unique"),
        ([DT], [0.5], "units must be integers", "dtype float64", "index"),
    ],
)
def test_a_spike_list_that_does_not_fit_is_refused(times, units, what, got, remedy):
    with refused(DataError, what, "list", got, remedy=remedy):
        raster_of(times, units)


@pytest.mark.parametrize("dt", [0.004 * (1 + 1.1e-9), 0.001, 0.0, -0.004, np.nan, np.inf])
def test_another_dt_is_refused(dt):
    check_same_dt(0.004 * (1 + 0.9e-9), 0.004, where="x")
    with refused(DtMismatchError, "time steps differ", "digits.h5", f"dt = {dt:.9g} s", "dt = 0.004 s", "hetsyn encode --dt"):
        check_same_dt(dt, 0.004, where="digits.h5")


def test_a_recording_knows_its_axes_and_its_spikes():
    raster = np.zeros((5, 2, 3), bool)
    raster[4, 1, 2] = raster[0, 1, 0] = True
    recording = Recording(DT, {"layer_1": raster}, {"layer_1.v": np.zeros((5, 2, 3))}, "test")
    assert (recording.n_steps, recording.n_runs) == (5, 2)
    times, units = recording.spikes("layer_1", run=1)
    np.testing.assert_array_equal(times, [0.0, 4 * DT])
    np.testing.assert_array_equal(units, [0, 2])
    assert recording.spikes("layer_1")[0].size == 0
    assert (Recording(DT, {}).n_steps, Recording(DT, {}).n_runs) == (0, 0)


@pytest.mark.parametrize(
    ("rasters", "traces", "got"),
    [
        ({"a": (5, 2)}, {}, "a: (5, 2)"),
        ({"a": (5, 2, 3), "b": (4, 2, 3)}, {}, "a: (5, 2, 3), b: (4, 2, 3)"),
        ({"a": (5, 2, 3)}, {"a.v": (5, 1, 3)}, "a.v: (5, 1, 3)"),
    ],
)
def test_arrays_that_do_not_share_time_and_batch_are_refused(rasters, traces, got):
    remedy = "record every population over the same runs"
    with refused(DataError, "(?s)do not share their time and batch axes.*where: .*a simulator", got=got, remedy=remedy):
        Recording(DT, {k: np.zeros(s, bool) for k, s in rasters.items()}, {k: np.zeros(s) for k, s in traces.items()}, "a simulator")
