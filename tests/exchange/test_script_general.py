"""Networks of general neurons as scripts: with Brian2's own means, or refused with the reason."""

import pytest

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.errors import TransferError
from hetsyn_sim.exchange import export_brian2
from hetsyn_sim.models import LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec

from ..brian.neurons import adlif, graded, izhikevich, value_readout
from .scripts import run_script

_FROZEN = {"frozen": "u", "refractory": "t_ref", "initial": {"u": "theta/2"}}


def checkpoint_of(*layers, readout=LeakyReadout):
    spec = NetworkSpec("10 ms", 6, [*layers], Layer(readout, 3))
    return Checkpoint(spec, spec.initial_values(0))


@pytest.mark.parametrize(
    "layer",
    [
        Layer(izhikevich().with_parameters(tau={"initial": "20 ms"}), 6, recurrent=True),
        Layer(adlif("exponential_euler", **_FROZEN), 6, recurrent=True),
        Layer(adlif("euler", refractory="v > theta", reset="", initial={"u": "theta/2"}), 6),
    ],
    ids=["jumps on states", "frozen while refractory", "crossings without reset"],
)
def test_the_script_finds_the_same_spikes(layer, toy_data, tmp_path):
    done = export_brian2(checkpoint_of(layer), toy_data, tmp_path)
    assert sum(done.n_spikes.values()) > 20
    printed, code = run_script(tmp_path)
    assert code == 0
    assert f"layer_1: {done.n_spikes['layer_1']} spikes, 0 differ" in printed


@pytest.mark.parametrize(
    ("layers", "readout", "message"),
    [
        ([Layer(adlif(), 4)], LeakyReadout, r"(?s)layer_1: AdLIF.*coefficients handed over.*because u, k oscillate"),
        ([Layer(adlif("symplectic_euler"), 4)], LeakyReadout, r"(?s)'symplectic_euler', because Brian2 has no such method"),
        ([Layer(graded(), 4)], value_readout(), r"(?s)layer_1: Graded.*x_pre.*to_brian2"),
    ],
)
def test_what_brian_has_no_means_for_is_refused(layers, readout, message, toy_data, tmp_path):
    with pytest.raises(TransferError, match=message):
        export_brian2(checkpoint_of(*layers, readout=readout), toy_data, tmp_path / "out")
    assert not (tmp_path / "out").exists()
