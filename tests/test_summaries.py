"""What objects show at a prompt and in a notebook: what they are, on a line and in a table, however much they hold."""

import numpy as np
import pytest

import hetsyn_sim as hs
from hetsyn_sim.agreement.outcome import Comparison, Verification
from hetsyn_sim.spec.summary import Summarised
from hetsyn_sim.training import Evaluation

from .conftest import make_toy_data

DATA = make_toy_data(60, n_steps=20)
SPEC = hs.NetworkSpec("10 ms", 6, [hs.Layer(hs.models.HetSynLIF, 40, recurrent=True)], hs.Layer(hs.models.LeakyReadout, 3))
NETWORK = hs.Network(SPEC)
CHECKPOINT = NETWORK.to_checkpoint(metrics={"epoch": 3, "epochs": 4, "validation_accuracy": 0.5})
COMPARISON = Comparison("torch float64", "brian2 numpy", 60, 20, 1234, 2, 1e-3, 7.0, 1e-2, (), ())
LABELS = np.zeros(60, dtype=int)
OBJECTS = {
    "SpikeDataset": (DATA, ["60", "6", "10 ms", "20 steps, 0.2 s", f"{len(DATA.steps):,}"]),
    "NetworkSpec": (SPEC, ["10 ms", "6 channels", "40 HetSynLIF, recurrent", "3 LeakyReadout", "3,920 values"]),
    "NeuronModel": (hs.models.AdEx, ["AdEx", "dv/dt = (g_L*(E_L - v)", "v > V_cut", "rk2"]),
    "Network": (NETWORK, ["40 HetSynLIF, recurrent", "float32", "cpu", "in training"]),
    "Checkpoint": (CHECKPOINT, ["40 HetSynLIF, recurrent", "3 of 4", "50.00 %"]),
    "Recording": (NETWORK.record(DATA.rasters()), ["torch float32", "60", "20 steps of 10 ms", "40 neurons", "layer_1.v, readout.v"]),
    "Comparison": (COMPARISON, ["NOT the same network", "torch float64 with brian2 numpy", "60 of 20 steps, 1,234 spikes", "2"]),
    "Verification": (
        Verification(COMPARISON, "numpy", 0.01, 20, LABELS, LABELS, LABELS + 1, 0.1, 0.2, {}),
        ["NOT the same network", "100.00 % in torch, 0.00 % in Brian2", "DIFFERENT"],
    ),
    "TransferredNetwork": (hs.to_brian2(CHECKPOINT, device="numpy"), ["40 HetSynLIF, recurrent", "numpy", "ode", "layer_1.v, readout.v"]),
    "Evaluation": (Evaluation(LABELS, LABELS, np.zeros((60, 3)), 12.34, {}, 0.2), ["100.00 % (60 of 60)", "12.3 Hz"]),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_a_line_and_a_table_say_what_it_is(name):
    what, parts = OBJECTS[name]
    shown, page = repr(what), what._repr_html_()
    assert isinstance(what, Summarised)
    assert len(shown) < 600
    assert len(page) < 8000
    assert page.startswith(f"<div><strong>{type(what).__name__}</strong>")
    for part in parts:
        assert part.replace(">", "&gt;") in page
        assert part in shown or name == "Network"  # which prints as torch's modules do
    assert shown.startswith(f"{type(what).__name__}(")


def test_a_network_prints_with_sizes_and_dt():
    assert "(layer_1): SpikingLayer(6 + 40 -> 40, HetSynLIF, dt = 10 ms)" in repr(NETWORK)


def test_what_is_empty_can_be_shown():
    assert "recordings: 0" in repr(DATA[:0])
    assert "runs: 0" in repr(hs.Recording(0.01, {}))
