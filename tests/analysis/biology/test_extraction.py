"""Time constants out of checkpoints, in folders and by hand."""

import numpy as np
import pytest

from analysis.biology.extraction import decay_of, extract, extract_all, find_runs
from hetsyn_sim.errors import CheckpointError, DataError

from .networks import run_of, save


def test_every_synapse_is_there_once_with_what_belongs_to_it():
    run = run_of(lambda key, tau, rng: 2.0 * tau)
    table = extract(run, seed=3, longest=10.0, rates={"input": np.arange(12.0)})
    assert len(table) == 8 * 12 + 8 * 8 - 8 + 3 * 8  # no synapse from a neuron to itself
    for kind, key in (("input", "layer_1.feedforward"), ("recurrent", "layer_1.recurrent"), ("readout", "readout.feedforward")):
        part = table.where(kind=kind)
        post, pre = part.column("post"), part.column("pre")
        for name, column in (("tau_syn", part.tau), ("w", part.column("w"))):
            assert column == pytest.approx(run.trained.values[f"{key}.{name}"][post, pre])
        assert part.column("initial") == pytest.approx(run.initial.values[f"{key}.tau_syn"][post, pre])
        assert np.array_equal(part.column("sign"), np.sign(part.column("w")))
    assert np.all(table.where(kind="recurrent").column("pre") != table.where(kind="recurrent").column("post"))
    assert np.array_equal(table.where(kind="input").column("rate_hz"), table.where(kind="input").column("pre"))
    assert np.isnan(table.where(kind="readout").column("rate_hz")).all()
    assert set(table.column("seed")) == {3}
    assert table.column("rho") == pytest.approx(np.exp(-1e-3 / table.tau))


def test_decays_of_0_and_of_infinity_are_censored_at_a_step_and_at_a_trial():
    def ends(key, tau, rng):
        return np.where(rng.random(tau.shape) < 0.25, 0.0, np.where(rng.random(tau.shape) < 0.5, np.inf, tau))

    table = extract(run_of(ends), longest=0.5)
    assert (table.low, table.high) == (1e-3, 0.5)
    assert set(table.tau[table.is_low]) == {1e-3}
    assert set(table.tau[table.is_high]) == {0.5}
    assert min(table.censored) > 0.1
    assert decay_of(np.array([0.0, np.inf]), 1e-3).tolist() == [0.0, 1.0]


def test_time_constants_of_neurons_have_no_weight_and_no_synapse():
    table = extract(run_of(model="HetNeuLIF")).where(kind="neuron")
    assert len(table) == 8
    assert set(table.column("pre")) == {-1}
    assert set(table.column("sign")) == {0}
    assert np.isnan(table.column("w")).all()


def test_runs_are_found_in_files_folders_and_folders_of_folders(tmp_path):
    for seed in range(3):
        save(run_of(seed=seed), tmp_path / "all" / f"seed{seed}")
    assert [run.name for run in find_runs([tmp_path / "all"])] == ["seed0", "seed1", "seed2"]
    alone = find_runs([tmp_path / "all" / "seed1" / "checkpoint.safetensors"])[0]
    assert alone.name == "seed1"
    assert alone.initial is not None
    (tmp_path / "all" / "seed1" / "initial.safetensors").unlink()
    assert find_runs([tmp_path / "all" / "seed1"])[0].initial is None
    table = extract_all(find_runs([tmp_path / "all"]))
    assert sorted(set(table.column("seed"))) == [0, 1, 2]


def test_bad_places_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(DataError, match="no finished training in this folder"):
        find_runs([tmp_path])
    with pytest.raises(DataError, match="nothing to analyse"):
        find_runs([])
    (tmp_path / "checkpoint.safetensors").write_bytes(b"broken")
    with pytest.raises(CheckpointError):
        find_runs([tmp_path])
    one, other = save(run_of(), tmp_path / "a"), save(run_of(hidden=9), tmp_path / "b")
    with pytest.raises(DataError, match="not alike"):
        find_runs([one, other])
    with pytest.raises(DataError, match="no learned time constants"):
        extract(run_of(model="HomNeuLIF", readout=False), longest=1.0)
