"""Brian2CUDA, on a GPU where there is one (``pytest equivalence/ -m cuda``), and its generated code on the CPU where there is none.

On the CPU a kernel's threads run one after the other, in two orders: step order, deliveries, sums, resets and thresholds are checked, races
and speed are not.
"""

import numpy as np
import pytest

from hetsyn_sim.brian import FORMS, BrianSimulation
from hetsyn_sim.brian.additions import Additions
from hetsyn_sim.errors import TransferError
from hetsyn_sim.models import HetNeuLIF, HetNeuReadout, HetSynLIF, HomNeuALIF, HomNeuLIF, LeakyReadout
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec, StepOrder

from .comparing import agree, hold, run
from .cuda_on_cpu import CUDA_ON_CPU, why_not
from .strategies import Case

LIVELY = {m.name: m.with_parameters(w={"initial": FanInNormal(2.5)}) for m in (HetSynLIF, HetNeuLIF, HomNeuALIF, HomNeuLIF)}
SYN = LIVELY["HetSynLIF"]


def case_of(layers, readout, order=None, n_input=9, n_runs=3):
    options = {} if order is None else {"step_order": StepOrder((*order, "feedforward", "threshold"))}
    spec = NetworkSpec("2 ms", n_input, layers, readout, **options)
    return Case(spec, spec.initial_values(3), np.random.default_rng(3).random((50, n_runs, n_input)) < 0.25)


#: More neurons than a block has threads on the CPU (32), so that blocks, loops over threads and parts of blocks all occur.
CASES = {
    "one recurrent layer": lambda: case_of([Layer(SYN, 40, recurrent=True)], Layer(LeakyReadout, 4)),
    "two recurrent layers": lambda: case_of(
        [Layer(SYN, 35, recurrent=True), Layer(SYN, 20, recurrent=True, self_connections=False)], Layer(LeakyReadout, 4)
    ),
    "one neuron onto itself": lambda: case_of([Layer(SYN, 1, recurrent=True)], Layer(LeakyReadout, 1), n_input=1, n_runs=1),
    "states of neurons": lambda: case_of(
        [Layer(LIVELY["HetNeuLIF"], 12, recurrent=True), Layer(LIVELY["HomNeuALIF"], 9)], Layer(HetNeuReadout, 3)
    ),
    "another order": lambda: case_of([Layer(SYN, 12, recurrent=True)], Layer(LeakyReadout, 3), ("recurrent", "reset", "decay")),
    "spikes as output": lambda: case_of([Layer(LIVELY["HomNeuLIF"], 8), Layer(SYN, 5)], None),
}

#: What another network of the list holds too, in smaller numbers: compiling each takes half a minute.
AGAIN = {("one recurrent layer", "ode"), ("one recurrent layer", "fast"), ("another order", "fast"), ("spikes as output", "ode")}
ON_CPU = pytest.mark.parametrize(
    ("name", "form"),
    [pytest.param(name, form, marks=[pytest.mark.thorough] * ((name, form) in AGAIN)) for name in CASES for form in FORMS],
)
REAL = pytest.mark.parametrize("form", FORMS)
NETWORK = pytest.mark.parametrize("name", CASES)


def name_of(device, form):
    return device if form == "ode" else f"{device} {form}"


@pytest.mark.cuda
@pytest.mark.compiled
@REAL
@NETWORK
def test_a_gpu_runs_a_network_as_the_reference_does(name, form):
    hold(CASES[name](), name_of("brian2 cuda_standalone", form))


@pytest.mark.compiled
@ON_CPU
def test_the_code_for_a_gpu_is_the_reference_on_the_cpu(name, form):
    case = CASES[name]()
    assert all(0.02 < case.reference.rasters[p.name].mean() < 0.98 for p in case.spec.populations if p.model.spiking)
    hold(case, name_of("cuda on cpu", form))


@pytest.mark.compiled
@REAL
def test_threads_in_the_other_order_give_the_same(form, monkeypatch):
    """What depended on the order of threads or blocks would show, but for atomic additions, whose rounding is in the bound."""
    case = CASES["two recurrent layers"]()
    forward = run(name_of("cuda on cpu", form), case)
    monkeypatch.setenv("HETSYN_SHIM_ORDER", "backward")
    backward = run(name_of("cuda on cpu", form), case)
    agree(case, forward, backward, "float64")
    one, other = (recording.traces["layer_1.v"] for recording in (forward, backward))
    assert not np.array_equal(one, other)  # the sums were added up in another order: it was another order


@pytest.mark.compiled
def test_a_gpus_refractoriness_is_the_cpus():
    if reason := why_not():
        pytest.skip(reason)
    case = CASES["one recurrent layer"]()
    added = Additions(refractory=0.006)
    here = BrianSimulation(case.spec, case.values, additions=added).run(case.inputs)
    there = BrianSimulation(case.spec, case.values, device=CUDA_ON_CPU, additions=added).run(case.inputs)
    np.testing.assert_array_equal(here.rasters["layer_1"], there.rasters["layer_1"])
    assert 0 < there.rasters["layer_1"].sum() < case.reference.rasters["layer_1"].sum()


@pytest.mark.compiled
def test_a_fault_in_a_kernel_is_caught(monkeypatch):
    """The negative control: reset before the decay instead of after it, planted in the schedule of the generated code alone."""
    from hetsyn_sim.brian.schedule import Schedule

    case = CASES["one recurrent layer"]()
    original = Schedule.phase
    swapped = {"decay": "reset", "reset": "decay", "recurrent": "recurrent"}
    monkeypatch.setattr(Schedule, "phase", lambda self, name: original(self, swapped[name]))
    with pytest.raises(AssertionError, match="NOT the same network"):
        hold(case, "cuda on cpu")


def test_delays_are_refused():
    if reason := why_not():
        pytest.skip(reason)
    case = CASES["one recurrent layer"]()
    delays = {"layer_1.recurrent": np.full((40, 40), 0.004)}
    simulation = BrianSimulation(case.spec, case.values, device=CUDA_ON_CPU, additions=Additions(delays=delays))
    with pytest.raises(TransferError, match=r"(?s)can't run delays.*cpp_standalone"):
        simulation.run(case.inputs)
