"""Tables, read back with the csv module alone: the numbers are the network's, and the spikes those that it has."""

import csv
import json

import numpy as np
import pytest

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.decoding import Decoder
from hetsyn_sim.errors import ConfigError, DataError
from hetsyn_sim.exchange import export_csv
from hetsyn_sim.models import HetNeuLIF, HomNeuReadout
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training.network import Network


def table(path):
    with open(path, newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    return header, rows


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_number_reads_back(toy_data, toy_checkpoint, tmp_path, dtype):
    checkpoint = Checkpoint(toy_checkpoint.spec, {key: value.astype(dtype) for key, value in toy_checkpoint.values.items()})
    done = export_csv(checkpoint, toy_data[:4], tmp_path)
    header, rows = table(tmp_path / "synapses.layer_1.recurrent.csv")
    assert header == ["post", "pre", "w", "tau_syn [s]"]
    assert len(rows) == done.n_rows["synapses.layer_1.recurrent.csv"] == 25
    for column, name in ((2, "w"), (3, "tau_syn")):
        found = np.zeros((5, 5), dtype=dtype)
        for row in rows:
            found[int(row[0]), int(row[1])] = row[column]
        np.testing.assert_array_equal(found, checkpoint.values[f"layer_1.recurrent.{name}"])
    header, rows = table(tmp_path / "neurons.layer_1.csv")
    assert header == ["neuron", "tau_reset [s]", "theta"]
    assert {dtype(row[1]) for row in rows} == {checkpoint.values["layer_1.neuron.tau_reset"][()]}


def test_the_spikes_are_the_networks(toy_data, toy_checkpoint, tmp_path):
    export_csv(toy_checkpoint, toy_data, tmp_path)
    about = json.loads((tmp_path / "network.json").read_text())
    done = Network.from_checkpoint(toy_checkpoint).record(toy_data.rasters())
    for name, raster in done.rasters.items():
        header, rows = table(tmp_path / f"spikes.{name}.csv")
        assert header == ["recording", "channel" if name == "input" else "neuron", "time [s]"]
        found = np.zeros(raster.shape, dtype=bool)
        for run, neuron, time in rows:
            found[round(float(time) / about["dt_s"]), int(run), int(neuron)] = True
        np.testing.assert_array_equal(found, raster)
        assert len(rows) == raster.sum() == about["tables"][f"spikes.{name}.csv"]
    header, rows = table(tmp_path / "recordings.csv")
    assert header == ["recording", "name", "label", "decision"]
    assert [int(row[2]) for row in rows] == toy_data.labels.tolist()
    decided = Decoder.of(toy_checkpoint).predictions(done, toy_checkpoint.spec)
    assert [int(row[3]) for row in rows] == decided.tolist()
    assert len(set(decided)) > 1


def test_the_json_file_says_what_it_is(toy_data, toy_checkpoint, tmp_path):
    export_csv(toy_checkpoint, toy_data, tmp_path)
    about = json.loads((tmp_path / "network.json").read_text())
    assert (about["dt_s"], about["dt"], about["n_steps"]) == (0.01, "10.0 ms", 12)
    assert NetworkSpec.from_text(about["spec"]) == toy_checkpoint.spec
    assert about["projections"]["layer_1.recurrent"] == {"source": "layer_1", "target": "layer_1", "kind": "recurrent"}
    assert about["populations"]["layer_1"]["model"] == "HetSynLIF"
    assert about["recordings"]["fingerprint"] == toy_data.fingerprint()
    assert set(about["tables"]) == {path.name for path in tmp_path.iterdir()} - {"network.json"}


def test_parameters_per_neuron_and_missing_synapses(toy_data, tmp_path):
    spec = NetworkSpec("10 ms", 6, [Layer(HetNeuLIF, 4, recurrent=True, self_connections=False)], Layer(HomNeuReadout, 3))
    checkpoint = Checkpoint(spec, spec.initial_values(0))
    export_csv(checkpoint, toy_data, tmp_path)
    _, rows = table(tmp_path / "synapses.layer_1.recurrent.csv")
    assert len(rows) == 12
    assert all(row[0] != row[1] for row in rows)
    header, rows = table(tmp_path / "neurons.layer_1.csv")
    column = header.index("tau_mem [s]")
    np.testing.assert_array_equal([float(row[column]) for row in rows], checkpoint.values["layer_1.neuron.tau_mem"])


def test_an_export_may_be_replaced_and_nothing_else(toy_data, toy_checkpoint, tmp_path):
    export_csv(toy_checkpoint, toy_data, tmp_path / "tables")
    (tmp_path / "tables" / "synapses.layer_2.feedforward.csv").write_text("of a larger network")
    export_csv(toy_checkpoint, toy_data[:2], tmp_path / "tables")
    assert not (tmp_path / "tables" / "synapses.layer_2.feedforward.csv").exists()
    (tmp_path / "tables" / "thesis.csv").write_text("chapter 1")
    with pytest.raises(ConfigError, match=r"(?s)nothing can be exported there.*thesis.csv"):
        export_csv(toy_checkpoint, toy_data, tmp_path / "tables")
    with pytest.raises(DataError, match="there are no recordings"):
        export_csv(toy_checkpoint, toy_data[:0], tmp_path / "other")
    assert not (tmp_path / "other").exists()
