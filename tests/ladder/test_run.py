"""Climbing: every rung once or once per seed, rows that a stopped run goes on from, and processes that do not change a number."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.decoding import Decoder
from hetsyn_sim.errors import DataError, DtMismatchError, TransferError
from hetsyn_sim.ladder import RUNGS, Rung, run_ladder, van_rossum
from hetsyn_sim.ladder.row import read_rows
from hetsyn_sim.models import HomNeuLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training.network import Network

RUNG = {rung.name: rung for rung in RUNGS}


def some(*names, strengths=1):
    return [replace(RUNG[name], strengths=RUNG[name].strengths[-strengths:]) for name in names]


def without_seconds(rows):
    return [replace(row, seconds=0.0) for row in rows]


def test_the_rows_come_in_the_ladders_order(toy_checkpoint, toy_data):
    rungs = some("physical units", "conductances", "noise", strengths=2)
    rows = run_ladder(toy_checkpoint, toy_data.test, rungs, seeds=(3, 1))
    assert [(row.name, row.strength, row.seed) for row in rows] == [
        ("same grid", 0.0, 0),
        ("physical units", 15.0, 0),
        ("conductances", 70.0, 0),
        ("conductances", 30.0, 0),
        *(("noise", strength, seed) for strength in (0.2, 0.5) for seed in (1, 3)),
    ]


def test_the_ground_is_the_trained_network(toy_checkpoint, toy_data):
    """The first row, by PyTorch; and rung 1, which must be the same."""
    rows = run_ladder(toy_checkpoint, toy_data.test, some("physical units"))
    done = Network.from_checkpoint(toy_checkpoint).record(toy_data.test.rasters())
    guessed = Decoder.of(toy_checkpoint).predictions(done, toy_checkpoint.spec)
    n_steps, n_runs, n_neurons = done.rasters["layer_1"].shape
    for row in rows:
        assert row.accuracy == np.mean(guessed == toy_data.test.labels)
        assert row.n_spikes == done.rasters["layer_1"].sum() > 20
        assert row.rate_hz == pytest.approx(row.n_spikes / (n_steps * n_runs * n_neurons * 0.01), rel=1e-12)
        assert (row.equal_predictions, row.distance) == (1.0, 0.0)
        assert row.v_rms < 1e-14


def test_a_row_measures_what_its_setting_does(toy_checkpoint, toy_data):
    """Distance and error of one rung, computed again from two recordings."""
    halved = Rung(9, "halved", "", "factor", "", (0.5,), lambda s, f, rng: replace(s, values=scaled(s.values, f)), refined=False)
    row = run_ladder(toy_checkpoint, toy_data.test, [halved])[1]
    spec, values, raster = toy_checkpoint.spec, dict(toy_checkpoint.values), toy_data.test.rasters()
    one = BrianSimulation(spec, values).run(raster)
    two = BrianSimulation(spec, scaled(values, 0.5)).run(raster)
    assert row.distance == pytest.approx(van_rossum(one.rasters["layer_1"], two.rasters["layer_1"], 0.01, 0.02), rel=1e-12)
    v, w = one.traces["readout.v"], two.traces["readout.v"]
    assert row.v_rms == pytest.approx(np.sqrt(np.sum((v - w) ** 2) / np.sum(v**2)), rel=1e-10)
    assert 0 < row.n_spikes < one.rasters["layer_1"].sum()
    assert row.n_spikes == two.rasters["layer_1"].sum()


def scaled(values, factor):
    return {key: value * (factor if key.endswith(".w") else 1.0) for key, value in values.items()}


def test_processes_do_not_change_a_number(toy_checkpoint, toy_data):
    rungs = some("noise", "mismatch", "jitter")
    alone = run_ladder(toy_checkpoint, toy_data.test, rungs, seeds=range(2))
    together = run_ladder(toy_checkpoint, toy_data.test, rungs, seeds=range(2), jobs=2)
    assert without_seconds(alone) == without_seconds(together)
    assert len({row.n_spikes for row in alone if row.name == "noise"}) == 2  # seeds are seeds


def test_a_stopped_ladder_goes_on(toy_checkpoint, toy_data, tmp_path):
    store, rungs = tmp_path / "ladder.json", some("refined dt", "noise")
    ran = []

    def counted(rung):
        def apply(setting, strength, rng):
            ran.append((rung.name, strength))
            if len(ran) == 5:  # each is tried once before the first run, and applied when it is run
                raise KeyboardInterrupt
            return rung.apply(setting, strength, rng)

        return replace(rung, apply=apply)

    with pytest.raises(KeyboardInterrupt):
        run_ladder(toy_checkpoint, toy_data.test, [counted(r) for r in rungs], seeds=range(2), store=store)
    kept = len(json.loads(store.read_text())["rows"])
    assert 1 < kept < 4
    ran[:] = [None] * 10
    rows = run_ladder(toy_checkpoint, toy_data.test, [counted(r) for r in rungs], seeds=range(2), store=store)
    assert len(ran) - 10 == 2 * (4 - kept)  # what is there is not run again
    assert without_seconds(rows) == without_seconds(run_ladder(toy_checkpoint, toy_data.test, rungs, seeds=range(2)))


def test_rows_of_another_network_or_of_other_recordings_do_not_count(toy_checkpoint, toy_data, tmp_path):
    store = tmp_path / "ladder.json"
    rows = run_ladder(toy_checkpoint, toy_data.test, some("physical units"), store=store)
    of = json.loads(store.read_text())["of"]
    assert read_rows(store, of) == rows
    assert read_rows(store, "another") == []
    assert read_rows(tmp_path / "nothing.json", of) == []
    other = replace(toy_checkpoint, values={**toy_checkpoint.values, "layer_1.neuron.theta": np.array(2.0)})
    assert run_ladder(other, toy_data.test, some("physical units"), store=store)[1].n_spikes < rows[1].n_spikes


def test_progress_ends_at_one(toy_checkpoint, toy_data):
    told = []
    run_ladder(toy_checkpoint, toy_data.test, some("physical units", "noise"), seeds=range(2), progress=told.append)
    assert told == sorted(told)
    assert (told[0] < 0.5, told[-1]) == (True, 1.0)


def test_what_can_not_be_applied_says_so_before_anything_runs(toy_data, tmp_path):
    spec = NetworkSpec("10 ms", 6, [Layer(HomNeuLIF, 4)], Layer(LeakyReadout, 3))
    with pytest.raises(TransferError, match="can't be applied to this model"):
        run_ladder(Checkpoint(spec, spec.initial_values(0)), toy_data.test, RUNGS, store=tmp_path / "ladder.json")
    assert not (tmp_path / "ladder.json").exists()


def test_recordings_that_do_not_fit(toy_checkpoint, toy_data):
    with pytest.raises(DtMismatchError):
        run_ladder(toy_checkpoint, replace(toy_data, dt=0.004))
    with pytest.raises(DataError):
        run_ladder(toy_checkpoint, toy_data[:0])
