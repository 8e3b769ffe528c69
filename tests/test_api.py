"""The public names: all there, the right ones, and free until they are used."""

import sys
import types

import pytest

import hetsyn_sim as hs
from hetsyn_sim.spec import NeuronModel

#: What version 0.1.0 exported. Deprecated names count: they go one release after they were replaced.
OF_0_1_0 = {
    "": """
        Checkpoint Comparison FitResult HetSynError Layer Network NetworkSpec NeuronModel Parameter Recipe Recording
        SpikeDataset SpikingLayer StepOrder Training UNBOUNDED Verification __version__ compare encode fit
        load_recipe load_recording models plots save_recording simulate_reference tasks to_brian2 verify write_report
    """,
    "models": """
        ALIF AdEx AdLIF CobaLIF CubaLIF EulerAdLIF FitzHughNagumo HetNeuLIF HetNeuReadout HetSynAdEx HetSynAdLIF
        HetSynLIF HodgkinHuxley HomNeuALIF HomNeuALIFNormalised HomNeuLIF HomNeuReadout Izhikevich LIF LeakyReadout
        MODELS MTC OF_VALUES QIF RESET_FIRST STEP_ORDERS STLLIF STLLIFSoft SparchAdLIF SpikeDrivenMTC SymplecticAdLIF
        ZOO get_model
    """,
    "tasks": """
        Forecast cifar10_dvs delayed_match_to_sample dvs_gestures heidelberg_digits largest_exponent mackey_glass
        pattern_generation sequential_mnist spoken_digits spoken_words
    """,
    "plots": """
        plot_bounds plot_confusion plot_current_voltage plot_curves plot_difference plot_disturbance
        plot_error_over_activity plot_forecast plot_graded_spikes plot_ladder plot_learning_curve plot_margins
        plot_pairs plot_phase_plane plot_raster plot_refinement plot_rung plot_sweep plot_time_constants plot_trace
    """,
}


def test_every_public_name_is_there_and_documented():
    undocumented = [
        name for name in hs.__all__ if getattr(hs, name) is None or (callable(getattr(hs, name)) and not getattr(hs, name).__doc__)
    ]
    assert undocumented == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_names_of_0_1_0_are_still_there():
    homes = {module: getattr(hs, module) if module else hs for module in OF_0_1_0}
    missing = [f"{module}.{name}" for module, names in OF_0_1_0.items() for name in names.split() if not hasattr(homes[module], name)]
    assert missing == []
    assert NeuronModel.from_brian2


def test_names_are_not_shadowed_by_modules():

    for name in ("compare", "encode", "fit", "verify", "to_brian2"):
        assert isinstance(getattr(hs, name), types.FunctionType)


def test_unknown_names_raise_as_usual():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = hs.nonsense


def test_dir_lists_the_names():
    assert set(hs.__all__) <= set(dir(hs))


@pytest.mark.parametrize("module", ["hetsyn_sim", "hetsyn_sim.cli.app"])
def test_importing_loads_nothing_heavy(module, process):
    code = f"import sys, {module}; print(sorted({{'torch', 'brian2', 'numpy', 'matplotlib', 'lightning'}} & set(sys.modules)))"
    assert process([sys.executable, "-c", code]).stdout.strip() == "[]"


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
