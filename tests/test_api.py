"""The public names: all there, the right ones, and free until they are used."""

import subprocess
import sys
import types

import pytest

import hetsyn_sim as hs


@pytest.mark.parametrize("name", sorted(hs.__all__))
def test_every_public_name_is_there_and_documented(name):
    value = getattr(hs, name)
    assert value is not None
    if callable(value):
        assert value.__doc__


def test_names_are_not_shadowed_by_modules():

    for name in ("compare", "encode", "fit", "verify", "to_brian2"):
        assert isinstance(getattr(hs, name), types.FunctionType)


def test_unknown_names_raise_as_usual():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = hs.nonsense


def test_dir_lists_the_names():
    assert set(hs.__all__) <= set(dir(hs))


@pytest.mark.parametrize("module", ["hetsyn_sim", "hetsyn_sim.cli.app"])
def test_importing_loads_nothing_heavy(module):
    code = f"import sys, {module}; print(sorted({{'torch', 'brian2', 'numpy', 'matplotlib', 'lightning'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_the_example_of_the_design(toy_data, tmp_path):
    from hetsyn_sim.models import HetSynLIF, LeakyReadout

    data = toy_data
    spec = hs.NetworkSpec(
        dt=data.dt, n_input=data.n_channels, layers=[hs.Layer(HetSynLIF, 4, recurrent=True)], readout=hs.Layer(LeakyReadout, 3)
    )
    settings = hs.Training(validation="none", batch_size=3, num_threads=1)
    result = hs.fit(spec, data, epochs=1, seed=0, training=settings, progress=False)
    result.checkpoint.save(tmp_path / "digits")
    simulation = hs.to_brian2(tmp_path / "digits", device="numpy")
    recording = simulation.run(data.test[:3])
    comparison = hs.compare(result.network, recording)
    assert comparison.agrees
    assert "the same network" in str(comparison)
